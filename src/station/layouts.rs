//! The firm's own label layouts, fonts and pictures: read once, at the start.
//!
//! In one folder: layouts as `*.toml`, fonts as `*.otf`, `*.ttf` or `*.ttc`, pictures as `*.png`. Names give the
//! order. A file that can't be used stops the start: a label that looks otherwise than meant would be found out by
//! the customer.

use std::path::{Path, PathBuf};

use tallyman_labels::{AddedFont, Fonts, Layouts, bitmap_from_png};

/// Larger files are not read.
const LARGEST: u64 = 64 << 20;

/// A file of the label folder that can't be used.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {why}")]
pub struct LayoutsError {
    /// Which.
    pub file: String,
    /// Why.
    pub why: String,
}

/// The layouts in the program, and those of the folder before them.
///
/// # Errors
/// [`LayoutsError`] for the first file that can't be read or used.
pub fn load(folder: Option<&Path>) -> Result<Layouts, LayoutsError> {
    let mut layouts = Layouts::default();
    let Some(folder) = folder else { return Ok(layouts) };
    let mut fonts = Fonts::default();
    for path in files(folder)? {
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        let refused = |why: String| LayoutsError { file: path.display().to_string(), why };
        match ending.as_str() {
            "toml" => {
                let text = String::from_utf8(read(&path)?).map_err(|error| refused(error.to_string()))?;
                layouts = layouts.with_layout(&text).map_err(|faults| {
                    let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
                    refused(faults.join("; "))
                })?;
            }
            "otf" | "ttf" | "ttc" => {
                let font = AddedFont { name, bytes: read(&path)?, index: 0, weight: None, first: false };
                fonts = fonts.with(font).map_err(|error| refused(error.to_string()))?;
            }
            "png" => {
                let picture = bitmap_from_png(&read(&path)?).map_err(|error| refused(error.to_string()))?;
                layouts = layouts.with_picture(&name, picture);
            }
            _ => {}
        }
    }
    Ok(layouts.with_fonts(fonts))
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, LayoutsError> {
    let refused = |why: std::io::Error| LayoutsError { file: folder.display().to_string(), why: why.to_string() };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(refused)? {
        files.push(entry.map_err(refused)?.path());
    }
    files.sort();
    Ok(files)
}

fn read(path: &Path) -> Result<Vec<u8>, LayoutsError> {
    let refused = |why: String| LayoutsError { file: path.display().to_string(), why };
    let size = std::fs::metadata(path).map_err(|error| refused(error.to_string()))?.len();
    if size > LARGEST {
        return Err(refused(format!("it has {size} bytes; {LARGEST} are read at most")));
    }
    std::fs::read(path).map_err(|error| refused(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tallyman_labels::Kind;

    #[test]
    fn a_firms_layout_stands_before_the_one_in_the_program() {
        let folder = tempfile::tempdir().unwrap();
        let layout = "kind = \"tote\"\nstocks = [\"60x40\"]\n[[item]]\nat = [2, 2, -2, 20]\ntext = \"{number}\"\n";
        std::fs::write(folder.path().join("tote.toml"), layout).unwrap();
        std::fs::write(folder.path().join("notes.txt"), "not read").unwrap();
        let layouts = load(Some(folder.path())).unwrap();
        assert_eq!(layouts.stocks(Kind::Tote), ["60x40", "100x50"]);
        assert_eq!(load(None).unwrap().stocks(Kind::Tote), ["100x50"]);
    }

    #[test]
    fn a_file_that_cannot_be_used_is_named_with_the_line() {
        let refused = |name: &str, bytes: &[u8]| {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join(name), bytes).unwrap();
            load(Some(folder.path())).unwrap_err().to_string()
        };
        let said =
            refused("a.toml", b"kind = \"tote\"\nstocks = [\"100x50\"]\n[[item]]\nat = [1, 1, 9, 9]\ntext = \"{x}\"\n");
        assert!(said.contains("a.toml: line 5: there is no field \"x\""), "{said}");
        assert!(refused("b.ttf", b"no font").contains("is no font"));
        assert!(refused("c.png", b"no picture").contains("c.png"));
        let nowhere = load(Some(Path::new("nowhere-at-all"))).unwrap_err();
        assert_eq!(nowhere.file, "nowhere-at-all");
    }
}
