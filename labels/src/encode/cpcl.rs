//! CPCL: the whole label as one picture in hexadecimal. Black is 1.

use super::zpl::hex;
use crate::raster::Bitmap;

/// `! offset dpi dpi height copies  PAGE-WIDTH w  EG bytes a row,rows,x,y,data  FORM  PRINT`
///
/// The two densities are always 200: they are the units of other commands, and not of pictures.
pub(super) fn picture(bitmap: &Bitmap) -> Vec<u8> {
    let (width, height, stride) = (bitmap.width, bitmap.height, bitmap.stride);
    let mut job = format!("! 0 200 200 {height} 1\r\nPAGE-WIDTH {width}\r\nEG {stride} {height} 0 0 ").into_bytes();
    job.extend(bitmap.bytes.iter().flat_map(|byte| hex(*byte)));
    job.extend_from_slice(b"\r\nFORM\r\nPRINT\r\n");
    job
}
