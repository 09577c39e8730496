//! Lower-case hexadecimal.

/// Writes `bytes` as lower-case hexadecimal, two characters a byte.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let digit = |value: u8| DIGITS.get(usize::from(value & 0x0f)).copied().unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn each_byte_becomes_two_digits() {
        assert_eq!(super::encode(&[0, 0x0f, 0xa5, 0xff]), "000fa5ff");
    }
}
