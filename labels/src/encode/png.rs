//! The preview: 1-bit grey, with the density in `pHYs` so that a viewer shows the true size.

use crate::error::LabelError;
use crate::sheet::Sheet;

/// A sheet as a PNG.
pub fn encode(sheet: &Sheet) -> Result<Vec<u8>, LabelError> {
    let bitmap = crate::raster::draw(sheet);
    // In a grey PNG black is 0.
    let light: Vec<u8> = bitmap.bytes.iter().map(|byte| !byte).collect();
    write(sheet, &light).map_err(|error| LabelError::Encoding { format: "PNG", reason: error.to_string() })
}

fn write(sheet: &Sheet, light: &[u8]) -> Result<Vec<u8>, png::EncodingError> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, sheet.width, sheet.height);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    encoder.set_pixel_dims(Some(png::PixelDimensions {
        xppu: sheet.dots_per_m,
        yppu: sheet.dots_per_m,
        unit: png::Unit::Meter,
    }));
    let mut writer = encoder.write_header()?;
    writer.write_image_data(light)?;
    writer.finish()?;
    Ok(file)
}
