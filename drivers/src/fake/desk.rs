//! The labels of a printer that does not exist: those that came out, and those still in it.

use super::picture;
use crate::printer::Language;
use std::{
    io,
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tallyman_labels::png;

/// Dots a metre of the pictures: how large a viewer shows them.
const DENSITY: u32 = 8_000;

#[derive(Debug)]
pub(super) struct Desk {
    language: Language,
    folder: Option<PathBuf>,
    state: Mutex<Labels>,
}

#[derive(Debug, Default)]
pub(super) struct Labels {
    pub(super) printed: Vec<Vec<u8>>,
    pub(super) kept: Vec<Vec<u8>>,
    /// Answers until the kept labels come out, in a printer that is busy.
    pub(super) busy_answers: u32,
    /// A label came out since the printer was last asked: one that tells only whether it prints says so once.
    pub(super) was_printing: bool,
    /// Signs to report when what was sent before them is out.
    pub(super) reports: Vec<[u8; 4]>,
}

impl Desk {
    pub(super) fn new(language: Language, folder: Option<PathBuf>) -> Self {
        Self { language, folder, state: Mutex::default() }
    }

    pub(super) fn language(&self) -> Language {
        self.language
    }

    pub(super) fn state(&self) -> MutexGuard<'_, Labels> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets every kept label come out, and stores it where there is a folder.
    pub(super) async fn print_kept(&self) -> io::Result<()> {
        let out = {
            let mut labels = self.state();
            let kept = std::mem::take(&mut labels.kept);
            let before = labels.printed.len();
            labels.was_printing |= !kept.is_empty();
            labels.printed.extend(kept.iter().cloned());
            kept.into_iter().zip(before + 1..)
        };
        let Some(folder) = &self.folder else { return Ok(()) };
        for (label, number) in out {
            if let Some(png) =
                picture::of(self.language, &label).and_then(|picture| png::picture(&picture, DENSITY).ok())
            {
                tokio::fs::write(folder.join(format!("{number:05}.png")), png).await?;
            }
            let name = format!("{number:05}.{}", self.language.code());
            tokio::fs::write(folder.join(name), label).await?;
        }
        Ok(())
    }
}
