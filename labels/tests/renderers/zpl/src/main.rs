//! `render-zpl < LIST`: each line of the list is `zpl width height dpi input output`, sizes in dots. Writes a PNG for
//! each, and a line to stdout for each that it could not draw.

use std::io::BufRead;
use zpl::render::{Limits, profiles};

fn render(line: &str) -> Result<(), String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [_, width, height, dpi, input, output] = words[..] else { return Err("six words are needed".into()) };
    let number = |word: &str| word.parse::<u32>().map_err(|error| error.to_string());
    let options = zpl::Options {
        width: number(width)?,
        height: number(height)?,
        dpi: number(dpi)?,
        ..profiles::SPECIFICATION
    };
    // It refuses `^JZN`, which says nothing of the picture; labels are ASCII.
    let source = std::fs::read_to_string(input).map_err(|error| error.to_string())?.replace("^JZN", "").into_bytes();
    let document = zpl::render::render_with_limits(&source, options, Limits::unlimited())
        .map_err(|error| error.to_string())?;
    let [label] = &document.labels[..] else { return Err(format!("{} labels", document.labels.len())) };
    let png = zpl::output::Png
        .encode_with_limits(label, zpl::output::Limits::unlimited())
        .map_err(|error| error.to_string())?;
    std::fs::write(output, png).map_err(|error| error.to_string())
}

fn main() {
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        if let Err(reason) = render(&line) {
            println!("{line}: {reason}");
        }
    }
}
