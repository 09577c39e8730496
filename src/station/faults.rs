//! What a person at a printer reads when its queue stands still.

use tallyman_drivers::Sentence;
use tallyman_drivers::printer::Fault;
use tallyman_drivers::transport::ErrorKind;

use super::model::{FOLDER_FAULT, STATION_AWAY};
use crate::messages::{self, Language};

/// What holds a printer up and what to do; the code itself where nothing is known about it, nothing for no fault.
#[must_use]
pub fn sentence(code: &str, language: Language) -> String {
    match code {
        FOLDER_FAULT => return messages::say(language, "station.folder", &[]),
        STATION_AWAY => return messages::say(language, "station.away", &[]),
        _ => {}
    }
    let fault = Fault::ALL.iter().find(|fault| fault.code() == code).map(|fault| fault.hint());
    let way = || ErrorKind::ALL.iter().find(|kind| kind.code() == code).map(|kind| kind.hint());
    match (fault.or_else(way), language) {
        (Some(Sentence { en, .. }), Language::En) => en.to_owned(),
        (Some(Sentence { zh, .. }), Language::ZhCn) => zh.to_owned(),
        (None, _) => code.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_has_a_sentence_in_both_languages() {
        let codes = Fault::ALL.iter().map(|fault| fault.code()).chain(ErrorKind::ALL.iter().map(|kind| kind.code()));
        for code in codes.chain([FOLDER_FAULT, STATION_AWAY]) {
            assert!(sentence(code, Language::En).ends_with('.'), "{code}");
            assert!(sentence(code, Language::ZhCn).ends_with('。'), "{code}");
        }
        assert_eq!(sentence("", Language::En), "");
    }
}
