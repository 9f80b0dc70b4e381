//! A gigabyte of zeros, compressed by hand.

/// The longest run that one symbol of DEFLATE stands for (RFC 1951, section 3.2.5).
const RUN: usize = 258;
/// Runs in a byte: the codes below need two bits for one.
const RUNS_A_BYTE: usize = 4;

/// The head of a block with codes of its own (RFC 1951, section 3.2.7), and a first zero: code 0 is "258 bytes more", from a
/// distance whose code is 0 as well. All that follows is bits that are 0.
const HEAD: [u8; 14] = [0xec, 0xc0, 0x81, 0, 0, 0, 0, 0x80, 0xa0, 0xfd, 0xa9, 0x17, 0xa9, 0];

/// One gigabyte; zlib unfolds it to 1 073 742 079 bytes.
pub fn gigabyte() -> Vec<u8> {
    let runs = (1 << 30) / RUN;
    let mut bytes = HEAD.to_vec();
    bytes.resize(HEAD.len() + runs / RUNS_A_BYTE, 0);
    bytes
}
