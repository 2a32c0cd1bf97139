// SPDX-License-Identifier: Apache-2.0
typedef unsigned char byte;
typedef enum { LOW = -1, HIGH = 1 << 3 } level;
#define WIDTH 16
#define SIZE (WIDTH * 2)
enum color { RED, GREEN = 'g' };

static inline int
fixed(const byte key[WIDTH], double out[static SIZE], level how)
{
    for (int i = 0; i < WIDTH; i++)
        out[i] = key[i] * how;
    return key[3] != 0;
}

unsigned long
both(const int *restrict a, const float *b, short *c, unsigned n, enum color k)
{
    unsigned long sum = 0;
    const int *end = a + n;
    while (a < end)
        sum += (unsigned long)(*a++ + (int)*b++), *c++ = (short)k;
    return n ? sum : GREEN;
}

int text(const char *s, char **endp, int (*call)(int), ...) { return *s++ ? call(*s) : **endp; }
long plain(s, n) char *s; int n; { return s[n]; }
_Bool deep(void *p, unsigned long n) { switch (n) { default: if (p) return ({ int x = 1; x; }); } return 0; }
