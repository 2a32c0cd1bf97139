// SPDX-License-Identifier: Apache-2.0
#include "checksum.h"

#define CRC_POLYNOMIAL 0xEDB88320u
#define CRC_BITS 32

uint32_t
crc32_update(uint32_t crc, const uint8_t *data, size_t len)
{
    crc = ~crc;
    for (size_t i = 0; i < len; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++) {
            if (crc & 1)
                crc = (crc >> 1) ^ CRC_POLYNOMIAL;
            else
                crc = crc >> 1;
        }
    }
    return ~crc;
}

static uint32_t
matrix_times(const uint32_t *matrix, uint32_t vector)
{
    uint32_t sum = 0;

    while (vector) {
        if (vector & 1)
            sum ^= *matrix;
        vector >>= 1;
        matrix++;
    }
    return sum;
}

static void
matrix_square(uint32_t *square, const uint32_t *matrix)
{
    for (int i = 0; i < CRC_BITS; i++)
        square[i] = matrix_times(matrix, matrix[i]);
}

// The matrix that moves a CRC on by one zero bit.
static void
matrix_one_bit(uint32_t *matrix)
{
    matrix[0] = CRC_POLYNOMIAL;
    for (int i = 1; i < CRC_BITS; i++)
        matrix[i] = 1u << (i - 1);
}

uint32_t
crc32_combine(uint32_t crc1, uint32_t crc2, size_t len2)
{
    uint32_t even[CRC_BITS];
    uint32_t odd[CRC_BITS];

    if (len2 == 0)
        return crc1;
    matrix_one_bit(odd);
    matrix_square(even, odd); // two bits
    matrix_square(odd, even); // four bits
    do {
        matrix_square(even, odd);
        if (len2 & 1)
            crc1 = matrix_times(even, crc1);
        len2 >>= 1;
        if (len2 == 0)
            break;
        matrix_square(odd, even);
        if (len2 & 1)
            crc1 = matrix_times(odd, crc1);
        len2 >>= 1;
    } while (len2 != 0);
    return crc1 ^ crc2;
}

uint32_t
checksum_block(const uint8_t *data, size_t len, uint32_t *total)
{
    uint32_t crc = crc32_update(0, data, len);

    *total = crc32_combine(*total, crc, len);
    return crc;
}
