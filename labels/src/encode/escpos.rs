//! ESC/POS: the whole label as raster pictures, in bands, because receipt printers have little memory. Black is 1.

use crate::raster::Bitmap;
use crate::units::PrinterProfile;

/// Rows of a band.
const BAND: usize = 128;

/// `ESC @` resets; `GS v 0 m xL xH yL yH data` is a band, its width in bytes and its height in rows; `GS V B n` feeds
/// and cuts. Without a cutter the label is fed past the tear bar by `ESC J n`.
pub(super) fn picture(bitmap: &Bitmap, profile: &PrinterProfile) -> Vec<u8> {
    let mut job = vec![0x1b, b'@'];
    let stride = bitmap.stride.max(1);
    let [x_low, x_high] = u16::try_from(stride).unwrap_or(u16::MAX).to_le_bytes();
    for band in bitmap.bytes.chunks(stride * BAND) {
        let [y_low, y_high] = u16::try_from(band.len() / stride).unwrap_or(0).to_le_bytes();
        job.extend_from_slice(&[0x1d, b'v', b'0', 0, x_low, x_high, y_low, y_high]);
        job.extend_from_slice(band);
    }
    if profile.cutter {
        job.extend_from_slice(&[0x1d, b'V', b'B', 0]);
    } else {
        job.extend_from_slice(&[0x1b, b'J', 160]);
    }
    job
}
