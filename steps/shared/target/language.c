// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/language.h"

static const struct language_ops *const languages[] = {
    [LANGUAGE_C] = &language_c, [LANGUAGE_GO] = &language_go};

const struct language_ops *
language_ops(enum language language)
{
    return languages[language];
}
