//! What a printer says of itself over USB: the IEEE 1284 device id, `KEY:value;` pairs.

use super::Language;
use serde::{Deserialize, Serialize};

/// Longer ones are cut.
const LONGEST: usize = 4_096;

/// A device id, read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceId {
    /// Who made it.
    pub manufacturer: String,
    /// Which model.
    pub model: String,
    /// The languages it names, as it names them.
    pub commands: Vec<String>,
    /// Its serial number; empty where it has none.
    pub serial: String,
}

impl DeviceId {
    /// Reads the answer to GET_DEVICE_ID: two bytes of length, high byte first, counting themselves, then text. Some
    /// printers give the length the other way round, or wrong: what came is taken as far as it goes.
    pub fn read(answer: &[u8]) -> DeviceId {
        let text = match answer {
            [high, low, text @ ..] => {
                let said = usize::from(u16::from_be_bytes([*high, *low]));
                let right = (3..=answer.len()).contains(&said);
                text.get(..if right { said - 2 } else { text.len() }).unwrap_or(text)
            }
            _ => &[],
        };
        Self::parse(&String::from_utf8_lossy(text))
    }

    /// Reads the text by itself, as Linux gives it.
    pub fn parse(text: &str) -> DeviceId {
        let mut id = DeviceId::default();
        let text: String = text.chars().take(LONGEST).filter(|c| !c.is_control()).collect();
        for pair in text.split(';') {
            let Some((key, value)) = pair.split_once(':') else { continue };
            let value = value.trim();
            match key.trim().to_ascii_uppercase().as_str() {
                "MFG" | "MANUFACTURER" => value.clone_into(&mut id.manufacturer),
                "MDL" | "MODEL" => value.clone_into(&mut id.model),
                "SN" | "SERN" | "SERIALNUMBER" => value.clone_into(&mut id.serial),
                "CMD" | "COMMAND SET" => {
                    id.commands =
                        value.split(',').map(|one| one.trim().to_owned()).filter(|one| !one.is_empty()).collect();
                }
                _ => {}
            }
        }
        id
    }

    /// The language to propose: the first one named that we speak.
    pub fn language(&self) -> Option<Language> {
        self.commands.iter().find_map(|named| {
            let named: String = named.to_ascii_uppercase().chars().filter(char::is_ascii_alphanumeric).collect();
            // Ends of names and versions differ: ZPLII, TSPL2, TSPLEZ, EPL2, ESCPOS.
            let known = [
                ("ZPL", Language::Zpl),
                ("TSPL", Language::Tspl),
                ("TSC", Language::Tspl),
                ("EPL", Language::Epl2),
                ("CPCL", Language::Cpcl),
                ("ESCPOS", Language::EscPos),
            ];
            known.into_iter().find(|(name, _)| named.starts_with(name)).map(|(_, language)| language)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ZEBRA: &str = "MANUFACTURER:Zebra Technologies ;COMMAND SET:ZPL;MODEL:ZTC ZD420-203dpi ZPL;CLASS:PRINTER;";

    fn answer(text: &str) -> Vec<u8> {
        let length = u16::try_from(text.len() + 2).unwrap();
        [&length.to_be_bytes(), text.as_bytes()].concat()
    }

    #[test]
    fn keys_are_read_in_their_long_and_short_forms() {
        let id = DeviceId::read(&answer(ZEBRA));
        assert_eq!((id.manufacturer.as_str(), id.model.as_str()), ("Zebra Technologies", "ZTC ZD420-203dpi ZPL"));
        assert_eq!((id.language(), id.serial.as_str()), (Some(Language::Zpl), ""));
        let id = DeviceId::parse("MFG:Xprinter;CMD:XPP,TSPL2;MDL:XP-420B;SN:0012;CLS:PRINTER;");
        assert_eq!((id.language(), id.serial.as_str()), (Some(Language::Tspl), "0012"));
        for (commands, wanted) in [
            ("EPL2", Some(Language::Epl2)),
            ("CPCL", Some(Language::Cpcl)),
            ("ESC/POS", Some(Language::EscPos)),
            ("PJL,PCL", None),
            ("", None),
        ] {
            assert_eq!(DeviceId::parse(&format!("CMD:{commands};")).language(), wanted, "{commands}");
        }
    }

    #[test]
    fn a_wrong_length_costs_nothing() {
        let right = DeviceId::read(&answer(ZEBRA));
        for length in [0_u16, 2, 9_000, u16::try_from(ZEBRA.len() + 2).unwrap().swap_bytes()] {
            let wrong = [&length.to_be_bytes(), ZEBRA.as_bytes()].concat();
            assert_eq!(DeviceId::read(&wrong), right, "{length}");
        }
        let padded = [answer(ZEBRA), vec![0xff; 40]].concat();
        assert_eq!(DeviceId::read(&padded), right, "what comes behind is left out");
        assert_eq!(DeviceId::read(&[]), DeviceId::default());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = DeviceId::read(&bytes).language();
        }
    }
}
