//! The length of a client's WebSocket frames, read off the bytes as they pass.

/// Reads heads of frames (RFC 6455, section 5.2) and passes over what they announce.
#[derive(Debug, Default)]
pub struct Meter {
    head: Vec<u8>,
    left: u64,
}

impl Meter {
    /// The longest payload that a head within these bytes announces.
    pub fn longest(&mut self, mut bytes: &[u8]) -> u64 {
        let mut longest = 0;
        while !bytes.is_empty() {
            let skip = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
            self.left -= skip as u64;
            bytes = &bytes[skip..];
            let Some((first, rest)) = bytes.split_first() else { break };
            self.head.push(*first);
            bytes = rest;
            if let Some((length, masked)) = announced(&self.head) {
                longest = longest.max(length);
                self.left = length + if masked { 4 } else { 0 };
                self.head.clear();
            }
        }
        longest
    }
}

/// The payload's length and whether a mask comes before it, once the head says so.
fn announced(head: &[u8]) -> Option<(u64, bool)> {
    let [_, second, rest @ ..] = head else { return None };
    let wide = match second & 0x7f {
        126 => 2,
        127 => 8,
        short => return Some((short.into(), second & 0x80 != 0)),
    };
    (rest.len() == wide).then(|| (rest.iter().fold(0, |length, byte| length << 8 | u64::from(*byte)), second & 0x80 != 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_found_wherever_the_bytes_are_cut() {
        let frames =
            [&[0x81, 0x83, 1, 2, 3, 4, 9, 9, 9][..], &[0x81, 0xfe, 1, 0, 1, 2, 3, 4], &[7; 256], &[0x89, 0x80, 1, 2, 3, 4]];
        let bytes = frames.concat();
        for cut in 1..bytes.len() {
            let mut meter = Meter::default();
            let all: Vec<u64> = bytes.chunks(cut).map(|chunk| meter.longest(chunk)).collect();
            assert_eq!((all.iter().max(), meter.left, meter.head.len()), (Some(&256), 0, 0), "{cut}");
        }
        let mut meter = Meter::default();
        assert_eq!(meter.longest(&[0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 0]), 1 << 16, "known before the payload comes");
    }
}
