//! Random values of every symbology, read by decoders that are not ours: 10,000 each, or as many as
//! `TALLYMAN_SYMBOLS` says.

use crate::judges::{judge, judges_here};
use serde_json::{Value, json};
use std::path::Path;
use tallyman_labels::barcode::{Symbol, encode};
use tallyman_labels::{Bars, Fonts, Item, Matrix, Rect, Sheet, Symbology, gs1, png};

/// Symbols of one picture.
const A_PICTURE: usize = 250;

/// Small and seeded: the same values at every run.
struct Values(u64);

impl Values {
    fn next(&mut self, below: u64) -> u64 {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % below
    }

    fn text(&mut self, of: &str, least: u64, most: u64) -> String {
        let of: Vec<char> = of.chars().collect();
        let length = least + self.next(most - least + 1);
        (0..length).map(|_| of[usize::try_from(self.next(of.len() as u64)).unwrap()]).collect()
    }

    fn digits(&mut self, count: u64) -> String {
        self.text("0123456789", count, count)
    }

    /// Digits and their check digit.
    fn checked(&mut self, count: u64) -> String {
        let bare = self.digits(count - 1);
        format!("{bare}{}", gs1::check_digit(&bare).unwrap())
    }

    fn ascii(&mut self, most: u64) -> String {
        let printable: String = (' '..='~').collect();
        let text = self.text(&printable, 1, most);
        // Decoders trim what stands at the ends.
        let trimmed = text.trim();
        if trimmed.is_empty() { "0".to_owned() } else { trimmed.to_owned() }
    }

    fn elements(&mut self) -> String {
        let letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-./";
        let gtin = self.checked(14);
        let lot = self.text(letters, 1, 9);
        match self.next(3) {
            0 => format!("(01){gtin}(10){lot}"),
            1 => format!("(01){gtin}(17)2{}1231", self.digits(1)),
            _ => format!("(01){gtin}(21){lot}(10){}", self.text(letters, 1, 6)),
        }
    }

    fn of(&mut self, symbology: Symbology) -> String {
        let code39 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. ";
        match symbology {
            Symbology::Code128 => self.ascii(16),
            Symbology::Gs1_128 | Symbology::Gs1DataMatrix => self.elements(),
            Symbology::Ean13 => match self.next(3) {
                0 => self.checked(13),
                1 => format!("{} {}", self.checked(13), self.digits(2)),
                _ => format!("{} {}", self.checked(13), self.digits(5)),
            },
            Symbology::Ean8 => self.checked(8),
            Symbology::UpcA => self.checked(12),
            Symbology::Itf14 => self.checked(14),
            // With $ / + % before a letter decoders guess at full ASCII.
            Symbology::Code39 => format!("K{}9", self.text(code39, 1, 8)),
            Symbology::Code93 => format!("K{}9", self.text(&format!("{code39}$/+%"), 1, 12)),
            Symbology::Codabar => {
                let ends = ["A", "B", "C", "D"];
                let start = ends[usize::try_from(self.next(4)).unwrap()];
                format!(
                    "{start}{}{}",
                    self.text("0123456789-$:/.+", 4, 12),
                    ends[usize::try_from(self.next(4)).unwrap()]
                )
            }
            Symbology::Qr | Symbology::DataMatrix | Symbology::Pdf417 => self.ascii(24),
        }
    }
}

/// Symbols one below the other; where each is, and what it says.
fn sheet(symbols: Vec<Symbol>, modules: impl Fn(usize) -> u32) -> (Sheet, Vec<Value>) {
    let (mut items, mut codes, mut y, mut width) = (Vec::new(), Vec::new(), 0, 0);
    for (place, symbol) in symbols.into_iter().enumerate() {
        let module_dots = modules(place);
        let (rect, symbology, data) = match &symbol {
            Symbol::Linear(linear) => {
                let rect = Rect { x: 0, y, width: linear.modules() * module_dots, height: 24 };
                (rect, linear.symbology, linear.data.clone())
            }
            Symbol::Matrix(matrix) => {
                let (width, height) = (matrix.width_modules() * module_dots, matrix.height_modules() * module_dots);
                (Rect { x: 0, y, width, height }, matrix.symbology, matrix.data.clone())
            }
        };
        codes.push(json!({
            "box": [0, rect.y, rect.right(), rect.bottom()], "symbology": symbology.code(), "data": data,
        }));
        width = width.max(rect.width);
        y += rect.height;
        items.push(match symbol {
            Symbol::Linear(symbol) => {
                let first_bar = symbol.quiet_left * module_dots;
                Item::Bars(Bars { field: "code", symbol, module_dots, first_bar, rect })
            }
            Symbol::Matrix(symbol) => Item::Matrix(Matrix { field: "code", symbol, module_dots, rect }),
        });
    }
    let fonts = Fonts::default();
    (Sheet { width, height: y, dots_per_m: 8_000, margin: 0, items, fonts, truncated: vec![] }, codes)
}

#[test]
fn random_values_of_every_symbology_are_read_back() {
    let Some(()) = judges_here() else { return };
    let count: usize = std::env::var("TALLYMAN_SYMBOLS").map_or(10_000, |count| count.parse().unwrap());
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("judged-symbols");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let mut values = Values(0x9e37_79b9_7f4a_7c15);
    let mut index = Vec::new();
    for symbology in Symbology::ALL {
        let data: Vec<String> = (0..count).map(|_| values.of(symbology)).collect();
        for (number, data) in data.chunks(A_PICTURE).enumerate() {
            let symbols =
                data.iter().map(|data| encode(symbology, "code", data).unwrap_or_else(|error| panic!("{error}")));
            let (sheet, codes) = sheet(symbols.collect(), |place| 2 + u32::try_from(place % 3).unwrap());
            let name = format!("{}-{number}.png", symbology.code());
            std::fs::write(folder.join(&name), png::encode(&sheet).unwrap()).unwrap();
            index.push(json!({ "picture": name, "codes": codes }));
        }
    }
    std::fs::write(folder.join("index.json"), Value::from(index).to_string()).unwrap();
    judge("decode.py", &folder);
}
