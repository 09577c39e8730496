//! `render-labelize < LIST`: each line of the list is `language width height dpmm input output`, sizes in dots. Writes
//! a PNG for each, and a line to stdout for each that it could not draw.

use labelize::{DrawerOptions, Language, Renderer, parse_labels};
use std::io::{BufRead, Cursor};

fn render(line: &str) -> Result<(), String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [language, width, height, dpmm, input, output] = words[..] else { return Err("six words are needed".into()) };
    let language = Language::from_name(language).ok_or("no such language")?;
    let number = |word: &str| word.parse::<i32>().map_err(|error| error.to_string());
    let (width, height, dpmm) = (number(width)?, number(height)?, number(dpmm)?);
    let source = std::fs::read(input).map_err(|error| error.to_string())?;
    let labels = parse_labels(language, &source, dpmm).map_err(|error| error.to_string())?;
    let [label] = &labels[..] else { return Err(format!("{} labels", labels.len())) };
    let options = DrawerOptions {
        label_width_mm: f64::from(width) / f64::from(dpmm),
        label_height_mm: f64::from(height) / f64::from(dpmm),
        dpmm,
        ..DrawerOptions::default()
    };
    let mut png = Cursor::new(Vec::new());
    Renderer::new().draw_label_as_png(label, &mut png, options)?;
    std::fs::write(output, png.into_inner()).map_err(|error| error.to_string())
}

fn main() {
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        if let Err(reason) = render(&line) {
            println!("{line}: {reason}");
        }
    }
}
