use super::*;
use proptest::prelude::*;

fn error(text: &str) -> String {
    ElementString::parse_bracketed(text).unwrap_err().to_string()
}

#[test]
fn an_element_string_is_read_in_both_forms_and_written_in_both() {
    let text = "(01)09501101530003(17)261231(10)ABC(21)77";
    let raw = "01095011015300031726123110ABC\u{1d}2177";
    let elements = ElementString::parse_bracketed(text).unwrap();
    assert_eq!(elements.to_raw(), raw);
    assert_eq!(elements.bracketed(), text);
    assert_eq!(elements.value("10"), Some("ABC"));
    for given in [raw.to_owned(), format!("]d2{raw}"), format!("\u{1d}{raw}"), format!("{raw}\u{1d}")] {
        assert_eq!(ElementString::parse_raw(&given).unwrap(), elements, "{given:?}");
    }
    // A separator after a fixed length is skipped.
    let separated = "0109501101530003\u{1d}17261231\u{1d}10ABC\u{1d}2177";
    assert_eq!(ElementString::parse_raw(separated).unwrap(), elements);
}

#[test]
fn brackets_in_a_value_stay_in_it() {
    let elements = ElementString::parse_bracketed("(01)09501101530003(10)A(B)C").unwrap();
    assert_eq!(elements.value("10"), Some("A(B)C"));
}

#[test]
fn each_fault_is_told_by_its_identifier() {
    for (text, said) in [
        ("", "it is empty"),
        ("0109501101530003", "an application identifier stands in round brackets"),
        ("(0x)1", "an application identifier stands in round brackets"),
        ("(01", "an application identifier stands in round brackets"),
        ("(04)123", "there is no application identifier (04)"),
        ("(01)0950110153000", "the value of (01) has the wrong length"),
        ("(01)095011015300031", "the value of (01) has the wrong length"),
        ("(01)09501101530004", "the value of (01) fails the check csum"),
        ("(01)0950110153000A", "the value of (01) holds 'A'"),
        ("(01)09501101530003(17)261331", "the value of (17) fails the check yymmd0"),
        ("(01)09501101530003(10)A B", "the value of (10) holds ' '"),
        ("(01)09501101530003(10)批", "the value of (10) holds '批'"),
        ("(10)ABC", "(10) needs one of"),
        ("(01)09501101530003(10)A(10)B", "(10) stands there twice"),
        ("(01)09501101530003(02)09501101530003(37)5", "exclude each other"),
        ("(02)09501101530003", "(02) needs one of"),
    ] {
        let told = error(text);
        assert!(told.contains(said), "{text}: {told}");
    }
    assert!(ElementString::parse_raw("991").is_ok());
    assert!(ElementString::parse_raw("01095").is_err());
    assert!(ElementString::parse_raw("zz").unwrap_err().to_string().contains("(zz)"));
}

#[test]
fn the_identifiers_that_labels_write_are_known() {
    for text in [
        "(00)340123450000000000",
        "(02)09787302423287(37)24(15)281231(10)L2026A(00)340123450000000000",
        "(01)06901234567892(17)261231(10)L2026A",
        "(91)L00000042",
        "(01)09501101530003(3103)001250",
    ] {
        ElementString::parse_bracketed(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,60}", digits in "[0-9\\x1d()A-Z]{0,60}") {
        for text in [text, digits] {
            for cut in 0..text.len() {
                if let Some(part) = text.get(..cut) {
                    let _ = ElementString::parse_raw(part);
                    let _ = ElementString::parse_bracketed(part);
                }
            }
        }
    }

    #[test]
    fn what_is_written_is_read_back(lot in "[!-Z_a-z]{1,20}", serial in "[0-9A-Za-z]{1,20}") {
        let text = format!("(01)09501101530003(10){lot}(21){serial}");
        if let Ok(elements) = ElementString::parse_bracketed(&text) {
            prop_assert_eq!(&ElementString::parse_raw(&elements.to_raw()).unwrap(), &elements);
        }
    }
}
