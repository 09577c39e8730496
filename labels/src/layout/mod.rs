//! From what a label says to sheets: layouts are read from TOML, those in the program as those of a firm.

mod canvas;
mod compose;
mod fault;
pub(crate) mod fields;
mod file;
mod parse;
mod shapes;
mod table;
mod template;

pub use fault::{LayoutFault, LayoutReason};

use crate::error::{LabelError, Need};
use crate::kinds::{Kind, Label};
use crate::raster::Bitmap;
use crate::sheet::Sheet;
use crate::text::{clean, fonts::Fonts, fonts::Weight};
use crate::units::{Media, PrinterProfile, dots};
use compose::Composer;
use file::Layout;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

/// The layouts, fonts and pictures that labels are made with. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Layouts {
    /// Those of a firm stand before those in the program.
    layouts: Vec<Arc<Layout>>,
    fonts: Fonts,
    pictures: BTreeMap<String, Bitmap>,
}

impl Default for Layouts {
    /// What the program carries.
    fn default() -> Self {
        static BUILT_IN: LazyLock<Vec<Arc<Layout>>> = LazyLock::new(|| {
            let files = Kind::ALL.iter().flat_map(|kind| kind.layout_files());
            // A test reads each of them.
            files.filter_map(|(_, text)| Layout::read(text).ok()).map(Arc::new).collect()
        });
        Layouts { layouts: BUILT_IN.clone(), fonts: Fonts::default(), pictures: BTreeMap::new() }
    }
}

/// What a layout file is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayoutHead {
    /// The kind of label.
    pub kind: Kind,
    /// Its stocks, in millimetres, as `100x150`.
    pub stocks: Vec<String>,
}

/// Reads a layout file and says what it is for.
///
/// # Errors
/// Every fault in it, each with its line.
pub fn check_layout(text: &str) -> Result<LayoutHead, Vec<LayoutFault>> {
    let layout = Layout::read(text)?;
    Ok(LayoutHead { kind: layout.kind, stocks: layout.stocks.iter().map(Media::name).collect() })
}

impl Layouts {
    /// These with the layout of a file, which takes the place of those of its kind for its stocks.
    ///
    /// # Errors
    /// Every fault in the file, each with its line.
    pub fn with_layout(&self, text: &str) -> Result<Layouts, Vec<LayoutFault>> {
        let layout = Layout::read(text)?;
        let mut all = self.clone();
        all.layouts.insert(0, Arc::new(layout));
        Ok(all)
    }

    /// These with other fonts.
    #[must_use]
    pub fn with_fonts(&self, fonts: Fonts) -> Layouts {
        Layouts { fonts, ..self.clone() }
    }

    /// These with a picture that layouts can name.
    #[must_use]
    pub fn with_picture(&self, name: &str, picture: Bitmap) -> Layouts {
        let mut all = self.clone();
        all.pictures.insert(name.to_owned(), picture);
        all
    }

    /// Whether the fonts have a picture of every character of a text.
    pub fn draws(&self, text: &str) -> bool {
        [Weight::Regular, Weight::Bold].iter().all(|weight| clean(&self.fonts, "text", text, *weight).is_ok())
    }

    /// The stocks that a kind has layouts for, in millimetres, as `100x150`.
    pub fn stocks(&self, kind: Kind) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for stock in self.of(kind).flat_map(|layout| &layout.stocks) {
            let name = stock.name();
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    fn of(&self, kind: Kind) -> impl Iterator<Item = &Layout> {
        self.layouts.iter().map(Arc::as_ref).filter(move |layout| layout.kind == kind)
    }

    /// The layout for the stock in a printer: the one made for it, else the largest that it holds.
    fn fitting(&self, kind: Kind, media: &Media) -> Option<(&Layout, &Media)> {
        // A roll has no height of its own.
        let area = |stock: &Media| u64::from(stock.width_um) * u64::from(stock.height_um.max(1));
        let mut best: Option<(&Layout, &Media)> = None;
        for layout in self.of(kind) {
            for stock in layout.stocks.iter().filter(|stock| media.holds(stock)) {
                // The first of equals: a firm's own stand first.
                if best.as_ref().is_none_or(|(_, other)| area(stock) > area(other)) {
                    best = Some((layout, stock));
                }
            }
        }
        best
    }

    /// Lays a label out for one stock and one printer: one sheet for a label, one for each page of a paper.
    ///
    /// # Errors
    /// [`LabelError`], which names the field that can't be drawn as its rule asks, or says that there is no layout.
    pub fn lay_out(&self, label: &Label, media: &Media, profile: &PrinterProfile) -> Result<Vec<Sheet>, LabelError> {
        let kind = label.kind();
        let Some((layout, stock)) = self.fitting(kind, media) else {
            let known = self.stocks(kind).join(", ");
            return Err(LabelError::NoLayout { kind: kind.name(), stock: media.name(), known });
        };
        // On larger stock the label keeps its size and stands at the top left.
        let page = Media {
            width_um: stock.width_um.min(media.width_um),
            height_um: stock.height_um.min(media.height_um),
            gap_um: media.gap_um,
            kind: media.kind,
        };
        if dots(page.width_um, profile.dots_per_m) > profile.width_dots {
            return Err(LabelError::NotOnThisPrinter { field: "label", needs: Need::WiderHead });
        }
        if profile.dots_per_m < COARSEST {
            return Err(LabelError::NotOnThisPrinter { field: "label", needs: Need::FinerHead });
        }
        let composer = Composer {
            layout,
            media: &page,
            profile,
            fonts: &self.fonts,
            pictures: &self.pictures,
            language: label.language(),
        };
        composer.sheets(&label.fields()?)
    }
}

/// Below this density nothing reads well.
const COARSEST: u32 = 7_000;
