//! What is wrong with a file, cell by cell.

use serde::Serialize;
use utoipa::ToSchema;

use crate::messages::{self, Language};

/// Most errors that are listed; all are counted.
pub const LISTED: usize = 100;
/// Longest value that an error shows, in characters.
const LONGEST_VALUE: usize = 60;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowError {
    /// The row, as a table program counts; 0 for the whole file.
    pub row: u64,
    /// The column, as the file names it; empty for the whole row.
    pub column: String,
    /// What the cell says.
    pub value: String,
    /// A stable code, also the key of its sentence.
    pub code: &'static str,
    /// The facts of its sentence.
    pub facts: Vec<(&'static str, String)>,
}

/// One thing that is wrong, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RowProblem {
    /// The row, as a table program counts: the header is row 1. 0 for the whole file.
    pub row: u64,
    /// The column, as the file names it; empty for the whole row.
    pub column: String,
    /// What the cell says.
    pub value: String,
    /// A stable code, for example `import.bad_number`.
    pub code: String,
    /// What is wrong and what is allowed, in the reader's language.
    pub detail: String,
}

impl RowError {
    /// It as a person reads it.
    #[must_use]
    pub fn shown(&self, language: Language) -> RowProblem {
        RowProblem {
            row: self.row,
            column: self.column.clone(),
            value: self.value.clone(),
            code: self.code.to_owned(),
            detail: messages::say(language, self.code, &self.facts),
        }
    }
}

/// Everything that is wrong: all counted, the first hundred kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Errors {
    /// The first of them, in the order of rows.
    pub list: Vec<RowError>,
    /// How many there are.
    pub count: u64,
}

impl Errors {
    /// Whether nothing is wrong.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(super) fn add(
        &mut self,
        row: u64,
        column: &str,
        value: &str,
        code: &'static str,
        facts: Vec<(&'static str, String)>,
    ) {
        self.count += 1;
        if self.list.len() < LISTED {
            let mut value: String = value.trim().to_owned();
            if value.chars().count() > LONGEST_VALUE {
                value = value.chars().take(LONGEST_VALUE).chain(['…']).collect();
            }
            self.list.push(RowError { row, column: column.to_owned(), value, code, facts });
        }
    }

    /// One error about the whole file.
    pub(super) fn file(code: &'static str, facts: Vec<(&'static str, String)>) -> Self {
        let mut errors = Self::default();
        errors.add(0, "", "", code, facts);
        errors
    }
}
