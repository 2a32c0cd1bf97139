// SPDX-License-Identifier: Apache-2.0

module example.com/kernels

go 1.21
