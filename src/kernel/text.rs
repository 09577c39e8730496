//! Small rules about text: what a scanner adds, what a screen may show, what is compared.

/// A scanned or typed code as it is compared: without surrounding blanks and control characters, in upper case.
/// GS (0x1D) is kept, because it parts GS1 elements.
#[must_use]
pub fn scanned(text: &str) -> String {
    text.trim_matches(|character: char| character.is_whitespace() || (character.is_control() && character != '\u{1d}'))
        .chars()
        .flat_map(char::to_uppercase)
        .collect()
}

/// A text folded for comparing people and addresses: lower case, without blanks and punctuation, full-width forms as
/// half-width.
#[must_use]
pub fn folded(text: &str) -> String {
    text.chars()
        .map(|character| match u32::from(character) {
            code @ 0xff01..=0xff5e => char::from_u32(code - 0xfee0).unwrap_or(character),
            _ => character,
        })
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// A phone number as a screen shows it: `138****5678`.
#[must_use]
pub fn masked_phone(phone: &str) -> String {
    let digits: Vec<char> = phone.chars().filter(|character| !character.is_whitespace()).collect();
    let count = digits.len();
    if count < 8 {
        return "*".repeat(count);
    }
    let head: String = digits.iter().take(count - 8).collect();
    let tail: String = digits.iter().skip(count - 4).collect();
    format!("{head}****{tail}")
}

/// A name as a screen shows it: the first character and stars, `李*`, `L***`.
#[must_use]
pub fn masked_name(name: &str) -> String {
    let mut characters = name.trim().chars();
    characters
        .next()
        .map_or_else(String::new, |first| std::iter::once(first).chain(characters.map(|_| '*').take(3)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scan_loses_its_terminator_and_its_case() {
        assert_eq!(scanned(" a-01-03\r\n"), "A-01-03");
        assert_eq!(scanned("0106901234567892\u{1d}10ab"), "0106901234567892\u{1d}10AB");
    }

    #[test]
    fn addresses_are_the_same_whatever_their_spacing_and_width() {
        assert_eq!(folded("文一西路 ９６９号, 3-B"), folded("文一西路969号3b"));
    }

    #[test]
    fn personal_data_is_masked() {
        assert_eq!(masked_phone("13812345678"), "138****5678");
        assert_eq!(masked_phone("12345"), "*****");
        assert_eq!(masked_name("李雷"), "李*");
        assert_eq!(masked_name("Elizabeth"), "E***");
        assert_eq!(masked_name(""), "");
    }
}
