//! Which language a printer speaks, where nothing but the printer itself can say so: on the network and on serial lines.
//!
//! Asked by a person's wish only, because a printer of another language may print a question as text. The first question is
//! of control characters that no other language answers; the next ones are commands that the others pass over.

use super::Language;
use crate::transport::{Connect, ErrorKind, Transport, TransportError};
use std::time::Duration;

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(5);
/// How long a question may take to leave.
const ASK: Duration = Duration::from_secs(1);
/// How long an answer may take, and its pieces after the first.
const ANSWER: Duration = Duration::from_millis(600);
/// An answer is short; more than this is noise.
const LONGEST: usize = 256;

/// What a printer said of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// What it understands.
    pub language: Language,
    /// Its model, as it says it; may be empty.
    pub model: String,
}

/// Asks a printer who it is; `None` where it answers nothing that we know.
///
/// # Errors
/// Where it can't be reached, or breaks off.
pub async fn identify(device: &dyn Connect) -> Result<Option<Identity>, TransportError> {
    let mut way = device.connect(CONNECT).await?;
    let found = ask(way.as_mut()).await;
    way.shutdown(ASK).await;
    found
}

/// What an answer says.
type Read = fn(&[u8]) -> Option<Identity>;

async fn ask(way: &mut dyn Transport) -> Result<Option<Identity>, TransportError> {
    // Real-time status: receipt printers. Then host identification, and the model's name.
    let questions: [(&[u8], Read); 3] = [(b"\x10\x04\x01", of_esc_pos), (b"~HI\r\n", of_zpl), (b"~!T\r\n", of_tspl)];
    for (question, read) in questions {
        way.drain().await?;
        way.write(question, ASK).await.ended?;
        let answer = answer(way).await?;
        if let Some(identity) = read(&answer) {
            return Ok(Some(identity));
        }
    }
    Ok(None)
}

/// All that comes until it falls silent.
async fn answer(way: &mut dyn Transport) -> Result<Vec<u8>, TransportError> {
    let (mut answer, mut piece) = (Vec::new(), [0; LONGEST]);
    while answer.len() < LONGEST {
        match way.read(&mut piece, ANSWER).await {
            Ok(read) => answer.extend_from_slice(piece.get(..read).unwrap_or_default()),
            Err(error) if error.kind == ErrorKind::TimedOut => break,
            Err(error) => return Err(error),
        }
    }
    Ok(answer)
}

/// A byte with its fixed bits: 0 and 7 are 0, 1 and 4 are 1.
fn of_esc_pos(answer: &[u8]) -> Option<Identity> {
    let [status] = answer else { return None };
    (status & 0x93 == 0x12).then(|| Identity { language: Language::EscPos, model: String::new() })
}

/// `STX model,version,dots per millimetre,memory ETX`.
fn of_zpl(answer: &[u8]) -> Option<Identity> {
    let text = text_of(answer)?;
    let inside = text.split_once('\u{2}')?.1.split_once('\u{3}')?.0;
    let (model, _) = inside.split_once(',')?;
    Some(Identity { language: Language::Zpl, model: model.trim().to_owned() })
}

/// The model and an end of line.
fn of_tspl(answer: &[u8]) -> Option<Identity> {
    let text = text_of(answer)?;
    let model = text.trim();
    let plain = !model.is_empty() && model.chars().all(|c| c.is_ascii_graphic() || c == ' ');
    plain.then(|| Identity { language: Language::Tspl, model: model.to_owned() })
}

fn text_of(answer: &[u8]) -> Option<String> {
    std::str::from_utf8(answer).ok().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{FakePrinter, Mode};
    use crate::transport::Tcp;

    async fn said_by(language: Language, mode: Mode) -> Option<Identity> {
        let fake = FakePrinter::speaking(language, 0, None).await.unwrap();
        fake.set_mode(mode).await.unwrap();
        let said = identify(&Tcp::new(fake.address())).await.unwrap();
        assert_eq!((fake.printed(), fake.kept()), (0, 0), "a question is no label");
        said
    }

    #[tokio::test]
    async fn printers_say_what_they_speak() {
        for (language, model) in
            [(Language::Zpl, "ZTC ZD421-203dpi"), (Language::Tspl, "TTP-244 Pro"), (Language::EscPos, "")]
        {
            let wanted = Identity { language, model: model.to_owned() };
            assert_eq!(said_by(language, Mode::Ready).await, Some(wanted));
        }
        assert_eq!(said_by(Language::Epl2, Mode::Ready).await, None);
        assert_eq!(said_by(Language::Zpl, Mode::Silent).await, None);
        let nobody = FakePrinter::start(0, None).await.unwrap();
        nobody.set_mode(Mode::Refuses).await.unwrap();
        assert_eq!(identify(&Tcp::new(nobody.address())).await.unwrap_err().kind, ErrorKind::Refused);
    }

    #[test]
    fn an_answer_that_is_none_names_no_language() {
        for answer in [&b""[..], b"\xff", b"\x02half", b"\x00", b"\x12\x12"] {
            assert_eq!((of_esc_pos(answer), of_zpl(answer)), (None, None), "{answer:?}");
        }
        assert_eq!(of_tspl(b"\xff\xfe"), None);
        assert_eq!(of_tspl(b"\x02model,\x03"), None);
        assert_eq!(of_esc_pos(b"\x16").map(|said| said.language), Some(Language::EscPos));
    }
}
