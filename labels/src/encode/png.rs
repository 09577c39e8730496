//! The preview: 1-bit grey, with the density in `pHYs` so that a viewer shows the true size.

use crate::error::LabelError;
use crate::raster::Bitmap;
use crate::sheet::Sheet;

/// A sheet as a PNG.
pub fn encode(sheet: &Sheet) -> Result<Vec<u8>, LabelError> {
    picture(&crate::raster::draw(sheet), sheet.dots_per_m)
}

/// A picture of so many dots a metre as a PNG.
pub fn picture(bitmap: &Bitmap, dots_per_m: u32) -> Result<Vec<u8>, LabelError> {
    write(bitmap, dots_per_m).map_err(|error| LabelError::Encoding { format: "PNG", reason: error.to_string() })
}

fn write(bitmap: &Bitmap, dots_per_m: u32) -> Result<Vec<u8>, png::EncodingError> {
    // In a grey PNG black is 0.
    let light: Vec<u8> = bitmap.bytes.iter().map(|byte| !byte).collect();
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, bitmap.width, bitmap.height);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    encoder.set_pixel_dims(Some(png::PixelDimensions { xppu: dots_per_m, yppu: dots_per_m, unit: png::Unit::Meter }));
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&light)?;
    writer.finish()?;
    Ok(file)
}
