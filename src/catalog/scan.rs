//! What is scanned off an item: a barcode, or a GS1 element string that also names lot and expiry.

use tallyman_labels::gs1::ElementString;

use super::ops::{Resolved, resolve};
use crate::db::{DbError, Tx};
use crate::kernel::text::scanned;

/// Symbology identifiers that say that elements follow.
const GS1_PREFIXES: [&str; 5] = ["]C1", "]e0", "]d2", "]Q3", "]J1"];

/// What a GS1 element string says of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elements {
    /// AI 01 or 02: the trade item's number, of fourteen digits.
    pub gtin: String,
    /// AI 10: the batch or lot.
    pub lot: Option<String>,
    /// AI 17: the expiry as `YYMMDD`.
    pub expiry: Option<String>,
}

/// Reads an element string; none where a text is no such thing, or has no GTIN. `aim` is the symbology identifier, where
/// the scanner says it; it may also stand in front of the text.
#[must_use]
pub fn elements(raw: &str, aim: &str) -> Option<Elements> {
    let raw = raw.trim();
    let prefixed = GS1_PREFIXES.iter().find_map(|prefix| raw.strip_prefix(prefix));
    let bare = prefixed.unwrap_or(raw);
    let bare = bare.strip_prefix('\u{1d}').unwrap_or(bare);
    let looks_so = bare.starts_with("(01)") || (bare.starts_with("01") && bare.len() > 16);
    if prefixed.is_none() && !GS1_PREFIXES.contains(&aim) && !looks_so {
        return None;
    }
    let parsed =
        if bare.starts_with('(') { ElementString::parse_bracketed(bare) } else { ElementString::parse_raw(bare) };
    let parsed = parsed.ok()?;
    let gtin = parsed.value("01").or_else(|| parsed.value("02"))?.to_owned();
    Some(Elements { gtin, lot: parsed.value("10").map(scanned), expiry: parsed.value("17").map(str::to_owned) })
}

/// A GTIN-14 as the shorter number that it usually is in a catalogue.
#[must_use]
pub fn shorter(gtin: &str) -> String {
    match gtin.strip_prefix('0') {
        Some(rest) if rest.len() == 13 => rest.to_owned(),
        _ => gtin.to_owned(),
    }
}

/// An item that was scanned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scanned {
    /// What the catalogue says.
    pub item: Resolved,
    /// The lot that its label names.
    pub lot: Option<String>,
}

/// What was scanned off an item, if the catalogue knows it.
///
/// # Errors
/// A failure of the database.
pub async fn item(tx: &mut Tx<'_>, text: &str) -> Result<Option<Scanned>, DbError> {
    let Some(found) = elements(text, "") else {
        return Ok(resolve(tx, text).await?.map(|item| Scanned { item, lot: None }));
    };
    let short = shorter(&found.gtin);
    let mut item = resolve(tx, &short).await?;
    // A case has a number of its own, of fourteen digits.
    if item.is_none() && short != found.gtin {
        item = resolve(tx, &found.gtin).await?;
    }
    Ok(item.map(|item| Scanned { item, lot: found.lot }))
}

/// The lot to be looked for: the one that was scanned by itself, else the one on the item's label.
#[must_use]
pub fn lot_of(scan: &Scanned, by_itself: Option<&str>) -> Option<String> {
    by_itself.map(scanned).filter(|lot| !lot.is_empty()).or_else(|| scan.lot.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gs1_elements_are_read_with_and_without_a_prefix() {
        let both = Some(("06901234567892".to_owned(), Some("L-7".to_owned())));
        let found = |raw: &str, aim: &str| elements(raw, aim).map(|found| (found.gtin, found.lot));
        assert_eq!(found("010690123456789210L-7", "]C1"), both);
        assert_eq!(found("]C1010690123456789210L-7", ""), both);
        assert_eq!(found("\u{1d}010690123456789210l-7", ""), both);
        assert_eq!(found("(01)06901234567892(10)L-7", ""), both);
        let dated = elements("010690123456789217271231\u{1d}10l-7", "]d2").unwrap();
        assert_eq!((dated.gtin.as_str(), dated.expiry.as_deref()), ("06901234567892", Some("271231")));
        assert_eq!(found("6901234567892", "]E0"), None);
        assert_eq!(found("0123", ""), None);
        assert_eq!(
            (shorter("06901234567892"), shorter("16901234567899")),
            ("6901234567892".to_owned(), "16901234567899".to_owned())
        );
    }
}
