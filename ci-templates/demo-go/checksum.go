// SPDX-License-Identifier: Apache-2.0

package tagd

// polynomial of CRC-32 (IEEE 802.3), lowest bit first.
const polynomial = 0xedb88320

// UpdateChecksum returns the CRC-32 of what crc is the checksum of, followed by data. It starts with 0.
func UpdateChecksum(crc uint32, data []byte) uint32 {
	crc = ^crc
	for _, b := range data {
		crc ^= uint32(b)
		for bit := 0; bit < 8; bit++ {
			if crc&1 == 1 {
				crc = crc>>1 ^ polynomial
			} else {
				crc >>= 1
			}
		}
	}
	return ^crc
}
