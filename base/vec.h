// SPDX-License-Identifier: Apache-2.0
// A typed growable array: `VEC(struct step) steps = {0}; *vec_push(&steps) = step;`. Elements move when it
// grows. Running out of memory aborts.
#ifndef ATOLL_BASE_VEC_H
#define ATOLL_BASE_VEC_H

#include <stddef.h>
#include <string.h>

#define VEC(type)               \
    struct {                    \
        type *items;            \
        size_t count, capacity; \
    }

// Adds one zeroed element and gives its address.
#define vec_push(vec)                                                                                  \
    ((vec)->items = vec_grow((vec)->items, &(vec)->capacity, (vec)->count + 1, sizeof(*(vec)->items)), \
     memset(&(vec)->items[(vec)->count], 0, sizeof(*(vec)->items)), &(vec)->items[(vec)->count++])

// Frees the array; it is empty and usable again.
#define vec_release(vec) (vec_free((vec)->items), (vec)->items = NULL, (vec)->count = (vec)->capacity = 0)

// Iterates: VEC_EACH(struct step, s, &steps) { use(s); }
#define VEC_EACH(type, name, vec) \
    for (type *name = (vec)->items; (vec)->count > 0 && name < (vec)->items + (vec)->count; name++)

// Grows `items` so that `need` elements fit; new ones are zeroed. Returns the array, owned by the vector.
void *vec_grow(void *items, size_t *capacity, size_t need, size_t size);

// Frees the array.
void vec_free(void *items);

#endif
