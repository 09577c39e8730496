//! Code 128 with the fewest codewords: a shorter symbol at the same module, or wider modules in the same place.
//!
//! The code sets are chosen by dynamic programming from the end: for each position and each set, the smallest number
//! of codewords to the end. FNC4 and Shift are never used; there is nothing to gain for warehouse data.

use super::LinearSymbol;
use crate::error::{Field, LabelError, Reason, Symbology};
use crate::gs1::ElementString;

/// White on each side, in modules.
const QUIET: u32 = 10;
const STOP: u8 = 106;
/// FNC1 among the bytes of a text, which is ASCII.
const FNC1: u8 = 0xf1;

/// Widths of the symbols by value, bar first; the last is the stop. (ISO/IEC 15417)
#[rustfmt::skip]
const WIDTHS: [&str; 107] = [
    "212222", "222122", "222221", "121223", "121322", "131222", "122213", "122312", "132212", "221213", "221312",
    "231212", "112232", "122132", "122231", "113222", "123122", "123221", "223211", "221132", "221231", "213212",
    "223112", "312131", "311222", "321122", "321221", "312212", "322112", "322211", "212123", "212321", "232121",
    "111323", "131123", "131321", "112313", "132113", "132311", "211313", "231113", "231311", "112133", "112331",
    "132131", "113123", "113321", "133121", "313121", "211331", "231131", "213113", "213311", "213131", "311123",
    "311321", "331121", "312113", "312311", "332111", "314111", "221411", "431111", "111224", "111422", "121124",
    "121421", "141122", "141221", "112214", "112412", "122114", "122411", "142112", "142211", "241211", "221114",
    "413111", "241112", "134111", "111242", "121142", "121241", "114212", "124112", "124211", "411212", "421112",
    "421211", "212141", "214121", "412121", "111143", "111341", "131141", "114113", "114311", "411113", "411311",
    "113141", "114131", "311141", "411131", "211412", "211214", "211232", "2331112",
];

/// A code set: A has controls and capitals, B capitals and small letters, C pairs of digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Set {
    A,
    B,
    C,
}

const SETS: [Set; 3] = [Set::A, Set::B, Set::C];

impl Set {
    fn start(self) -> u8 {
        match self {
            Set::A => 103,
            Set::B => 104,
            Set::C => 105,
        }
    }

    fn switch(self) -> u8 {
        match self {
            Set::A => 101,
            Set::B => 100,
            Set::C => 99,
        }
    }

    /// The codeword for the head of `rest`, and how many bytes it takes.
    fn word(self, rest: &[u8]) -> Option<(u8, usize)> {
        match (self, rest) {
            (_, [FNC1, ..]) => Some((102, 1)),
            (Set::A, [b @ 0..32, ..]) => Some((b + 64, 1)),
            (Set::A, [b @ 32..96, ..]) | (Set::B, [b @ 32..128, ..]) => Some((b - 32, 1)),
            (Set::C, [tens @ b'0'..=b'9', ones @ b'0'..=b'9', ..]) => Some(((tens - b'0') * 10 + (ones - b'0'), 2)),
            _ => None,
        }
    }
}

/// What to do at a position in a set: the cost to the end, and the set to be in for the next character.
#[derive(Clone, Copy)]
struct Step {
    cost: u32,
    set: Set,
}

/// A Code 128 of ASCII text, in the fewest codewords.
pub fn code128(field: Field, data: &str) -> Result<LinearSymbol, LabelError> {
    let bad = |reason| LabelError::BadData { field, symbology: Symbology::Code128, reason };
    if data.is_empty() {
        return Err(bad(Reason::Empty {}));
    }
    if !data.is_ascii() {
        return Err(bad(Reason::NotAscii {}));
    }
    // Wider than any label; it also bounds the work.
    if data.len() > 160 {
        return Err(bad(Reason::TooLong { most: 160 }));
    }
    Ok(symbol(Symbology::Code128, data, data.as_bytes()))
}

/// A GS1-128 of an element string in brackets, `(01)...(10)...`. Elements that need others beside them may have those
/// in another symbol of the label.
pub fn gs1_128(field: Field, data: &str) -> Result<LinearSymbol, LabelError> {
    let bad = |reason| LabelError::BadData { field, symbology: Symbology::Gs1_128, reason };
    let elements = ElementString::parse_part(data).map_err(|error| super::not_gs1(field, Symbology::Gs1_128, error))?;
    let raw = elements.to_raw();
    // The standard ends it there. (GS1 General Specifications, 5.4)
    if raw.len() > 48 {
        return Err(bad(Reason::TooLong { most: 48 }));
    }
    let marked: Vec<u8> =
        std::iter::once(FNC1).chain(raw.bytes().map(|b| if b == SEPARATOR { FNC1 } else { b })).collect();
    Ok(symbol(Symbology::Gs1_128, &elements.bracketed(), &marked))
}

/// The codewords of a symbol from its start to its last, without check word and stop: what a printer that draws the
/// symbol by itself is told.
pub(crate) fn words_of(symbol: &LinearSymbol) -> Option<Vec<u8>> {
    // Seven elements of the stop, before it the check word.
    let (body, _stop) = symbol.widths.split_last_chunk::<7>()?;
    let words = body.chunks_exact(6).map(|chunk| {
        let at = WIDTHS.iter().position(|widths| widths.bytes().map(|digit| digit - b'0').eq(chunk.iter().copied()));
        at.and_then(|at| u8::try_from(at).ok())
    });
    let mut words: Vec<u8> = words.collect::<Option<_>>()?;
    words.pop()?;
    Some(words)
}

fn symbol(symbology: Symbology, data: &str, marked: &[u8]) -> LinearSymbol {
    let widths = codewords(marked)
        .iter()
        .filter_map(|word| WIDTHS.get(usize::from(*word)))
        .flat_map(|widths| widths.bytes().map(|digit| digit - b'0'))
        .collect();
    LinearSymbol { symbology, data: data.to_owned(), widths, quiet_left: QUIET, quiet_right: QUIET }
}

const SEPARATOR: u8 = 0x1d;

/// Start, data, check word and stop.
fn codewords(data: &[u8]) -> Vec<u8> {
    let plan = plan(data);
    let mut words = Vec::with_capacity(data.len() + 4);
    let mut position = 0;
    let mut current = None;
    while position < data.len() {
        let Some(steps) = plan.get(position) else { break };
        let set = match current {
            None => best_start(steps),
            Some(set) => step_in(steps, set).set,
        };
        match current {
            None => words.push(set.start()),
            Some(before) if before != set => words.push(set.switch()),
            Some(_) => {}
        }
        let Some((word, taken)) = data.get(position..).and_then(|rest| set.word(rest)) else { break };
        words.push(word);
        position += taken;
        current = Some(set);
    }
    words.push(check_word(&words));
    words.push(STOP);
    words
}

/// For each position, the best step from each of the three sets.
fn plan(data: &[u8]) -> Vec<[Step; 3]> {
    let end = SETS.map(|set| Step { cost: 0, set });
    let mut plan = vec![end; data.len() + 1];
    for position in (0..data.len()).rev() {
        // The cost of emitting here in each set, being already in it.
        let emit = SETS.map(|set| {
            let taken = data.get(position..).and_then(|rest| set.word(rest)).map(|(_, taken)| taken)?;
            plan.get(position + taken).map(|after| 1 + step_in(after, set).cost)
        });
        let steps = SETS.map(|from| {
            let costs = SETS
                .iter()
                .zip(emit)
                .filter_map(|(set, cost)| cost.map(|cost| Step { cost: cost + u32::from(*set != from), set: *set }));
            // Of equals set B: printers that draw by themselves take plain letters in it, and read set A each in their own
            // way.
            costs.min_by_key(|step| (step.cost, step.set != Set::B)).unwrap_or(Step { cost: u32::MAX / 2, set: from })
        });
        if let Some(slot) = plan.get_mut(position) {
            *slot = steps;
        }
    }
    plan
}

fn step_in(steps: &[Step; 3], set: Set) -> Step {
    let [a, b, c] = *steps;
    match set {
        Set::A => a,
        Set::B => b,
        Set::C => c,
    }
}

/// The set to begin with: the one that emits here itself at the least cost.
fn best_start(steps: &[Step; 3]) -> Set {
    let own = SETS.iter().zip(steps).filter(|(set, step)| **set == step.set);
    own.min_by_key(|(set, step)| (step.cost, **set != Set::B)).map_or(Set::B, |(set, _)| *set)
}

/// `(start + sum of place * word) mod 103`, places counted from 1.
fn check_word(words: &[u8]) -> u8 {
    let sum = words.iter().zip(0_u32..).map(|(word, place)| u32::from(*word) * place.max(1)).sum::<u32>();
    u8::try_from(sum % 103).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Reads widths back, by the tables of the standard and nothing of the encoder but those.
    fn decode(widths: &[u8]) -> Option<String> {
        let body = widths.strip_suffix(&[2, 3, 3, 1, 1, 1, 2])?;
        let words: Vec<u8> = body
            .chunks(6)
            .map(|chunk| WIDTHS.iter().position(|w| w.bytes().map(|b| b - b'0').eq(chunk.iter().copied())))
            .map(|word| word.map(|w| u8::try_from(w).unwrap()))
            .collect::<Option<_>>()?;
        let (check, words) = words.split_last()?;
        let mut sum = u32::from(words[0]);
        for (i, word) in words.iter().enumerate().skip(1) {
            sum += u32::try_from(i).unwrap() * u32::from(*word);
        }
        if sum % 103 != u32::from(*check) {
            return None;
        }
        let mut set = match words[0] {
            103 => 'A',
            104 => 'B',
            105 => 'C',
            _ => return None,
        };
        let mut text = String::new();
        for word in &words[1..] {
            match (set, *word) {
                ('A' | 'B', 99) => set = 'C',
                ('A' | 'C', 100) => set = 'B',
                ('B' | 'C', 101) => set = 'A',
                ('C', pair @ 0..=99) => text.push_str(&format!("{pair:02}")),
                ('A', word @ 64..=95) => text.push(char::from(word - 64)),
                ('A' | 'B', word @ 0..=95) => text.push(char::from(word + 32)),
                _ => return None,
            }
        }
        Some(text)
    }

    fn words(data: &str) -> Vec<u8> {
        codewords(data.as_bytes())
    }

    #[test]
    fn a_waybill_of_letters_and_digits_takes_eleven_words() {
        let words = words("SF1234567890123");
        assert_eq!(words.len(), 11 + 2, "with its check word and stop: {words:?}");
        assert_eq!(code128("waybill_number", "SF1234567890123").unwrap().modules(), 165);
    }

    #[test]
    fn widths_are_those_of_the_printed_tables() {
        let cases = [
            ("123456789012", 121),
            ("12345678901234", 132),
            ("1234567890123", 143),
            ("123456789012345", 154),
            ("JDVA12345678901-1-1-", 242),
            ("EA123456789CN", 176),
            ("A-12-3-4", 143),
            ("T000123", 110),
        ];
        for (data, modules) in cases {
            assert_eq!(code128("code", data).unwrap().modules(), modules, "{data}");
        }
    }

    #[test]
    fn every_symbol_of_the_table_is_eleven_modules_and_unlike_any_other() {
        let mut seen = std::collections::BTreeSet::new();
        for (value, widths) in WIDTHS.iter().enumerate() {
            let modules: u32 = widths.bytes().map(|b| u32::from(b - b'0')).sum();
            assert_eq!(modules, if value == 106 { 13 } else { 11 }, "value {value}");
            assert!(seen.insert(*widths), "value {value}");
        }
    }

    #[test]
    fn what_is_no_code_128_is_refused_with_the_reason() {
        for (data, reason) in [
            (String::new(), Reason::Empty {}),
            ("顺丰1".to_owned(), Reason::NotAscii {}),
            ("1".repeat(161), Reason::TooLong { most: 160 }),
        ] {
            let refused = LabelError::BadData { field: "code", symbology: Symbology::Code128, reason };
            assert_eq!(code128("code", &data), Err(refused));
        }
    }

    #[test]
    fn an_independent_encoder_draws_the_same_bars_for_the_same_sets() {
        use barcoders::sym::code128::Code128;
        // barcoders wants its sets chosen by hand: À, Ɓ and Ć stand for A, B and C.
        for (data, by_hand) in [
            ("Tallyman", "ƁTallyman"),
            ("123456", "Ć123456"),
            ("SF1234567890123", "ƁSF1Ć234567890123"),
            ("A\u{1}B", "ÀA\u{1}B"),
        ] {
            let theirs = Code128::new(by_hand).unwrap().encode();
            let ours = code128("code", data).unwrap();
            let modules: Vec<u8> =
                ours.widths.iter().enumerate().flat_map(|(i, w)| vec![u8::from(i % 2 == 0); usize::from(*w)]).collect();
            // Both may be right and differ in where set C begins, or in the set of a text that A and B share.
            assert_eq!(modules.len(), theirs.len(), "{data}");
            assert_eq!(decode(&ours.widths).as_deref(), Some(data));
            let their_widths: Vec<u8> =
                theirs.chunk_by(|a, b| a == b).map(|run| u8::try_from(run.len()).unwrap()).collect();
            assert_eq!(decode(&their_widths).as_deref(), Some(data), "our decoder reads theirs");
        }
    }

    /// The fewest words by trying everything, for short texts.
    fn fewest(data: &[u8], set: Option<Set>) -> u32 {
        if data.is_empty() {
            return 0;
        }
        SETS.iter()
            .filter_map(|to| {
                let (_, taken) = to.word(data)?;
                Some(1 + u32::from(set != Some(*to)) + fewest(&data[taken..], Some(*to)))
            })
            .min()
            .unwrap()
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_read_back(data in "[\\x00-\\x7f]{1,40}") {
            let symbol = code128("code", &data).unwrap();
            prop_assert_eq!(decode(&symbol.widths), Some(data));
        }

        #[test]
        fn no_choice_of_sets_is_shorter(data in "[0-9]{0,4}[A-Za-z\\x01]{0,2}[0-9]{0,5}") {
            prop_assume!(!data.is_empty());
            let words = codewords(data.as_bytes());
            prop_assert_eq!(u32::try_from(words.len() - 2).unwrap(), fewest(data.as_bytes(), None));
        }
    }
}
