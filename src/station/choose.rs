//! Which printer a label or paper goes to: by the station, the kind and the size.

use tallyman_labels::Kind;

use super::model::{JobKind, PrinterLanguage};
use super::{StationError, sql};
use crate::db::Op;
use crate::kernel::ids::{PrinterId, StationId};
use crate::{args, row};

row! {
    /// A printer that may be chosen.
    #[derive(Debug, Clone)]
    pub struct Candidate {
        /// Its id.
        pub id: PrinterId,
        /// What is in it, as `100x150`.
        pub stock: String,
        /// What it understands.
        pub language: PrinterLanguage,
        /// Whether it is the station's for this kind.
        pub of_kind: bool,
        /// Whether it is the station's for shipping labels.
        pub of_labels: bool,
        /// Whether it hangs at the station.
        pub there: bool,
    }
}

/// What a printer must be able to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Hold one of these stocks.
    Stock(Vec<String>),
    /// Understand this language.
    Language(PrinterLanguage),
}

impl Needs {
    /// What a kind of label needs: a stock that it has a layout for.
    #[must_use]
    pub fn of(layouts: &tallyman_labels::Layouts, kind: Kind) -> Self {
        Self::Stock(layouts.stocks(kind))
    }

    fn met_by(&self, printer: &Candidate) -> bool {
        match self {
            Self::Stock(stocks) => stocks.contains(&printer.stock),
            Self::Language(language) => *language == printer.language,
        }
    }
}

/// The first printer of a list that can print this: the station's own for the kind, even where its stock is in doubt,
/// because somebody has said so; else the one of its labels, else one that hangs there, else any of the house.
#[must_use]
pub fn best(printers: &[Candidate], needs: &Needs) -> Option<PrinterId> {
    let said =
        printers.iter().find(|printer| printer.of_kind && (needs.met_by(printer) || matches!(needs, Needs::Stock(_))));
    let fitting = || printers.iter().filter(|printer| needs.met_by(printer));
    let chosen = said
        .or_else(|| fitting().find(|printer| printer.of_labels))
        .or_else(|| fitting().find(|printer| printer.there))
        .or_else(|| fitting().next());
    chosen.map(|printer| printer.id)
}

/// Chooses a printer.
///
/// # Errors
/// [`StationError::NoPrinter`].
pub(super) async fn choose(
    op: &mut Op<'_, '_>,
    station: Option<StationId>,
    kind: JobKind,
    needs: &Needs,
) -> Result<PrinterId, StationError> {
    let warehouse = op.warehouse();
    let printers: Vec<Candidate> = op.tx.all(sql::LIST_CANDIDATES, args![warehouse, station, kind]).await?;
    best(&printers, needs).ok_or_else(|| StationError::NoPrinter {
        kind: kind.code(),
        needs: match needs {
            Needs::Stock(stocks) => stocks.join(", "),
            Needs::Language(language) => language.code().to_owned(),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printer(id: i64, stock: &str) -> Candidate {
        Candidate {
            id: PrinterId(id),
            stock: stock.into(),
            language: PrinterLanguage::Zpl,
            of_kind: false,
            of_labels: false,
            there: false,
        }
    }

    #[test]
    fn the_nearest_printer_with_the_right_stock_is_chosen() {
        let needs = Needs::Stock(vec!["100x50".into(), "70x30".into()]);
        let mut printers = vec![printer(1, "100x150"), printer(2, "70x30"), printer(3, "100x50"), printer(4, "100x50")];
        assert_eq!(best(&printers, &needs), Some(PrinterId(2)), "any of the house");
        printers[2].there = true;
        assert_eq!(best(&printers, &needs), Some(PrinterId(3)), "one that hangs there");
        printers[3].of_labels = true;
        assert_eq!(best(&printers, &needs), Some(PrinterId(4)), "the one of the station's labels");
        printers[0].of_kind = true;
        assert_eq!(best(&printers, &needs), Some(PrinterId(1)), "what somebody has said");
        assert_eq!(best(&printers[..1], &Needs::Stock(vec!["A4".into()])), Some(PrinterId(1)));
        printers[0].of_kind = false;
        assert_eq!(best(&printers, &Needs::Stock(vec!["A4".into()])), None);
    }

    #[test]
    fn a_document_goes_to_a_printer_of_its_language_only() {
        let mut printers = vec![printer(1, "100x150"), printer(2, "100x150")];
        printers[1].language = PrinterLanguage::Pdf;
        printers[0].of_kind = true;
        assert_eq!(best(&printers, &Needs::Language(PrinterLanguage::Pdf)), Some(PrinterId(2)));
        assert_eq!(best(&printers, &Needs::Language(PrinterLanguage::Tspl)), None);
    }
}
