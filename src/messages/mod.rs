//! Every text that a person reads, in English and Simplified Chinese, side by side in one TOML file a domain.

use std::collections::BTreeMap;
use std::sync::LazyLock;

crate::codes! {
    /// A language that people can choose.
    pub enum Language {
        /// English.
        En = "en",
        /// Simplified Chinese.
        ZhCn = "zh-CN",
    }
}

impl Language {
    /// The language of an `Accept-Language` header: Chinese where it comes before English, else English.
    #[must_use]
    pub fn accepted(header: &str) -> Self {
        for wanted in header.split(',') {
            let tag = wanted.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
            if tag.starts_with("zh") {
                return Self::ZhCn;
            }
            if tag.starts_with("en") {
                return Self::En;
            }
        }
        Self::En
    }
}

/// The files of the catalogue; a test reads them all.
pub const FILES: &[(&str, &str)] = &[
    ("general", include_str!("general.toml")),
    ("people", include_str!("../people/messages.toml")),
    ("catalog", include_str!("../catalog/messages.toml")),
    ("counting", include_str!("../counting/messages.toml")),
    ("location", include_str!("../location/messages.toml")),
    ("packing", include_str!("../packing/messages.toml")),
    ("picking", include_str!("../picking/messages.toml")),
    ("putaway", include_str!("../putaway/messages.toml")),
    ("stock", include_str!("../stock/messages.toml")),
    ("order", include_str!("../order/messages.toml")),
    ("wall", include_str!("../wall/messages.toml")),
    ("wave", include_str!("../wave/messages.toml")),
    ("shipping", include_str!("../shipping/messages.toml")),
    ("station", include_str!("../station/messages.toml")),
    ("setup", include_str!("../setup/messages.toml")),
    ("web", include_str!("../web/messages.toml")),
    ("floor", include_str!("../floor/messages.toml")),
    ("pda", include_str!("../web/pda/messages.toml")),
    ("office", include_str!("../web/office/messages.toml")),
    ("station pages", include_str!("../web/station/messages.toml")),
    ("import", include_str!("../import/messages.toml")),
    ("cli", include_str!("../cli/messages.toml")),
    ("storefront", include_str!("../storefront/messages.toml")),
];

/// One text in both languages. Facts stand in braces: `{scanned}`.
#[derive(Clone, Debug)]
pub struct Text {
    /// English.
    pub en: String,
    /// Simplified Chinese.
    pub zh_cn: String,
}

static CATALOGUE: LazyLock<BTreeMap<String, Text>> = LazyLock::new(|| {
    let mut catalogue = BTreeMap::new();
    for (name, file) in FILES {
        match read(file) {
            Ok(texts) => catalogue.extend(texts),
            // A test reads every file, so this is never met in a program that was released.
            Err(error) => tracing::error!(file = name, error, "unreadable messages"),
        }
    }
    catalogue
});

/// Reads a file of texts: `["code"]` with `en` and `zh-CN`.
///
/// # Errors
/// A sentence that says where the file is wrong.
pub fn read(file: &str) -> Result<BTreeMap<String, Text>, String> {
    let table: BTreeMap<String, BTreeMap<String, String>> = toml::from_str(file).map_err(|error| error.to_string())?;
    table
        .into_iter()
        .map(|(code, texts)| {
            let text = |tag: &str| texts.get(tag).cloned().ok_or_else(|| format!("{code}: no `{tag}`"));
            let pair = Text { en: text("en")?, zh_cn: text("zh-CN")? };
            if texts.len() == 2 { Ok((code, pair)) } else { Err(format!("{code}: more than en and zh-CN")) }
        })
        .collect()
}

/// Every code of the catalogue with its texts.
pub fn all() -> impl Iterator<Item = (&'static String, &'static Text)> {
    CATALOGUE.iter()
}

/// The sentence of a code, with its facts put in; the code itself where the catalogue has none.
#[must_use]
pub fn say(language: Language, code: &str, facts: &[(&'static str, String)]) -> String {
    let facts: Vec<(&str, &str)> = facts.iter().map(|(name, value)| (*name, value.as_str())).collect();
    fill(language, code, &facts)
}

/// As [`say`], with facts whose names come from somewhere else.
#[must_use]
pub fn fill(language: Language, code: &str, facts: &[(&str, &str)]) -> String {
    let Some(text) = CATALOGUE.get(code) else { return code.to_owned() };
    let template = match language {
        Language::En => &text.en,
        Language::ZhCn => &text.zh_cn,
    };
    facts.iter().fold(template.clone(), |out, (name, value)| out.replace(&format!("{{{name}}}"), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_language_that_we_speak_is_taken() {
        assert_eq!(Language::accepted("fr, zh-Hans;q=0.9, en;q=0.8"), Language::ZhCn);
        assert_eq!(Language::accepted("en-GB,zh"), Language::En);
        assert_eq!(Language::accepted(""), Language::En);
    }

    #[test]
    fn both_languages_of_every_text_name_the_same_facts() {
        let facts = |text: &str| {
            let mut names: Vec<String> =
                text.split('{').skip(1).filter_map(|part| part.split('}').next().map(str::to_owned)).collect();
            names.sort();
            names.dedup();
            names
        };
        for (name, file) in FILES {
            for (code, text) in read(file).unwrap_or_else(|error| panic!("{name}: {error}")) {
                assert_eq!(facts(&text.en), facts(&text.zh_cn), "{code}");
                assert!(!text.en.trim().is_empty() && !text.zh_cn.trim().is_empty(), "{code}");
            }
        }
    }

    #[test]
    fn facts_stand_in_the_sentence() {
        let facts = [("what", "order".to_owned()), ("code", "A-1".to_owned())];
        assert_eq!(say(Language::En, "not_found", &facts), "There is no order A-1.");
        assert_eq!(say(Language::ZhCn, "not_found", &facts), "没有找到：order A-1。");
    }
}
