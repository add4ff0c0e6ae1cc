package audio

// The figures of ITU-T G.722 for 64 kbit/s (mode 1), under the names that the
// recommendation's clause 6.2 has for them.

// g722QMF is every second coefficient of the filter that splits the band in
// two, times 2^13; the others are the same from the end.
var g722QMF = [12]int32{3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11}

// g722Q6 is the decision levels of the lower band, Q6: magnitude i lies at or
// above level i-1 and below level i.
var g722Q6 = [29]int32{
	35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786,
	858, 940, 1023, 1121, 1219, 1339, 1458, 1612, 1765, 1980, 2195, 2557, 2919,
}

// g722High is the one decision level of the upper band, Q2.
const g722High = 564

// g722IL is the six bits for each magnitude of the lower band, ILP and ILN,
// of positive samples first.
var g722IL = [2][30]byte{
	{61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42, 41, 40, 39, 38, 37, 36, 35, 34, 33, 32},
	{63, 62, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4},
}

// g722IH is the two bits for each magnitude of the upper band, IHP and IHN,
// of positive samples first.
var g722IH = [2][2]byte{{3, 2}, {1, 0}}

// g722QM6 is what six bits of the lower band stand for, QQ6. Four of the codes
// are not sent, and stand for the smallest difference.
var g722QM6 = [64]int32{
	-136, -136, -136, -136, -24808, -21904, -19008, -16704,
	-14984, -13512, -12280, -11192, -10232, -9360, -8576, -7856,
	-7192, -6576, -6000, -5456, -4944, -4464, -4008, -3576,
	-3168, -2776, -2400, -2032, -1688, -1360, -1040, -728,
	24808, 21904, 19008, 16704, 14984, 13512, 12280, 11192,
	10232, 9360, 8576, 7856, 7192, 6576, 6000, 5456,
	4944, 4464, 4008, 3576, 3168, 2776, 2400, 2032,
	1688, 1360, 1040, 728, 432, 136, -432, -136,
}

// g722QM4 is what the first four of those bits stand for, QQ4. Both ends predict
// by these alone, so that the last two may be lost or used for data.
var g722QM4 = [16]int32{
	0, -20456, -12896, -8968, -6288, -4240, -2584, -1200,
	20456, 12896, 8968, 6288, 4240, 2584, 1200, 0,
}

// g722QM2 is what two bits of the upper band stand for, QQ2.
var g722QM2 = [4]int32{-7408, -1616, 7408, 1616}

// g722WL and g722WH say by how much the logarithm of the step grows after the
// four bits of the lower band, WL by RIL, and the two of the upper, WH by IH.
var (
	g722WL = [16]int32{-60, 3042, 1198, 538, 334, 172, 58, -30, 3042, 1198, 538, 334, 172, 58, -30, -60}
	g722WH = [4]int32{798, -214, 798, -214}
)

// g722ILB is 2^11 times 2^(i/32), ILB: a step from its logarithm.
var g722ILB = [32]int32{
	2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834,
	2896, 2960, 3025, 3091, 3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008,
}
