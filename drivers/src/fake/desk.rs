//! The labels of a printer that does not exist: those that came out, and those still in it.

use std::{
    io,
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
};

#[derive(Debug)]
pub(super) struct Desk {
    folder: Option<PathBuf>,
    state: Mutex<Labels>,
}

#[derive(Debug, Default)]
pub(super) struct Labels {
    pub(super) printed: Vec<Vec<u8>>,
    pub(super) kept: Vec<Vec<u8>>,
    /// Answers until the kept labels come out, in a printer that is busy.
    pub(super) busy_answers: u32,
}

impl Desk {
    pub(super) fn new(folder: Option<PathBuf>) -> Self {
        Self { folder, state: Mutex::default() }
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
            labels.printed.extend(kept.iter().cloned());
            kept.into_iter().zip(before + 1..)
        };
        let Some(folder) = &self.folder else { return Ok(()) };
        for (label, number) in out {
            tokio::fs::write(folder.join(format!("{number:05}.zpl")), label).await?;
        }
        Ok(())
    }
}
