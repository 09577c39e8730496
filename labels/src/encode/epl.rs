//! EPL2: the whole label as one picture. Black is 0 here.

use crate::raster::Bitmap;
use crate::units::{Media, MediaKind, PrinterProfile};

/// `N  qwidth  Qheight,gap  Zdirection  GWx,y,bytes a row,rows,data  P1`
///
/// The first line end closes half a command that may stand in the printer. Between the head of `GW` and its data
/// stands a comma.
pub(super) fn picture(bitmap: &Bitmap, media: &Media, profile: &PrinterProfile) -> Vec<u8> {
    let gap = match media.kind {
        MediaKind::Gap => crate::dots(media.gap_um, profile.dots_per_m).to_string(),
        MediaKind::Mark => format!("B{}", crate::dots(media.gap_um, profile.dots_per_m)),
        MediaKind::Continuous => "0".to_owned(),
    };
    let direction = if profile.turned { "ZB" } else { "ZT" };
    let (width, height, stride) = (bitmap.width, bitmap.height, bitmap.stride);
    let mut job = format!("\nN\nq{width}\nQ{height},{gap}\n{direction}\nGW0,0,{stride},{height},").into_bytes();
    job.extend(bitmap.bytes.iter().map(|byte| !byte));
    job.extend_from_slice(b"\nP1\n");
    job
}
