//! One scan: find the step, see what it is, do it, write down what follows.

use serde::Serialize;
use serde_json::json;

use super::code::{Code, Command, classify};
use super::model::{Heard, Message, Said, Screen, Signal, Source, State, Surface, Verdict};
use super::{FloorError, batch, out, pack, pick, refused, sql, stow, wall};
use crate::args;
use crate::db::{Db, DbError, Op, Operation, Tx};
use crate::kernel::Timestamp;
use crate::kernel::ids::PersonId;
use crate::stock::model::PlaceKind;

/// Longest text of a scan that is looked at, in bytes.
pub const LONGEST_SCAN: usize = 500;
/// Another label in view: a refused code so soon after an accepted one is no mistake of the person.
const IN_VIEW_MS: i64 = 300;

/// A scan, a card or a button.
#[derive(Clone, Debug, Serialize)]
pub struct Scan {
    /// Which screens it belongs to.
    pub surface: Surface,
    /// The version of the step that the screen showed.
    pub version: i64,
    /// The key of the scan before, where that wasn't answered yet; else empty.
    pub after: String,
    /// What was read, without prefix and terminator.
    pub raw: String,
    /// The AIM id that stood before it, or nothing.
    pub aim: String,
    /// How it came in.
    pub source: Source,
    /// The device's own clock.
    pub scanned_at: Timestamp,
    /// The station that the browser stands at; empty for none. Not part of what the key stands for.
    #[serde(skip)]
    pub station: String,
    /// What the first look refused it with: only that is written down then. Not part of what the key stands for.
    #[serde(skip)]
    pub refused: Option<Said>,
}

/// Where a person is at a surface.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Grows with each change.
    pub version: i64,
    /// The key of the last scan that was looked at.
    pub last_key: String,
    /// Where they are.
    pub state: State,
}

impl Standing {
    fn of(row: Option<(i64, String, String)>) -> Self {
        let (version, last_key, data) = row.unwrap_or_default();
        // A state of an older program begins anew: the work itself stands in the tables.
        let state = serde_json::from_str(&data).unwrap_or_default();
        Self { version, last_key, state }
    }
}

/// Where a person is, to draw it.
///
/// # Errors
/// A failure of the database.
pub async fn standing(tx: &mut Tx<'_>, person: PersonId, surface: Surface) -> Result<Standing, DbError> {
    Ok(Standing::of(tx.opt(sql::READ_STATE, args![person, surface]).await?))
}

/// Looks at a scan. What the step or a domain refuses is undone, and then written down as refused, under the same key.
///
/// # Errors
/// A failure of the database.
pub async fn look_at(db: &Db, context: crate::db::Context, scan: Scan) -> Result<Verdict, DbError> {
    match db.operate(context.clone(), scan.clone()).await {
        Ok(verdict) => Ok(verdict),
        Err(FloorError::Db(error)) => Err(error),
        Err(FloorError::Refused(said)) => {
            let noted = Scan { refused: Some(said), ..scan };
            db.operate(context, noted).await.map_err(|error| match error {
                FloorError::Db(error) => error,
                FloorError::Refused(said) => DbError::Form(said.id),
            })
        }
    }
}

impl Operation for Scan {
    const KIND: &'static str = "floor.scan";
    type Answer = Verdict;
    type Error = FloorError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<Verdict, FloorError> {
        let person = op.person();
        let before = Standing::of(op.tx.opt(sql::SELECT_STATE, args![person, self.surface]).await?);
        let follows = !self.after.is_empty() && self.after == before.last_key;
        if self.version != before.version && !follows {
            let said = Said::new("floor.moved_on", &[]);
            self.note(op, &before.state, Signal::Info, Some(&said));
            let (signal, said) = (Signal::Info, Some(said));
            return Ok(Verdict { signal, said, version: before.version, stale: true });
        }
        let mut state = before.state.clone();
        let heard = match &self.refused {
            Some(said) if in_view(self, &before.state, said) => Heard { signal: Signal::Ok, said: None },
            Some(said) => Heard { signal: Signal::Wrong, said: Some(said.clone()) },
            None => {
                state.message = None;
                step(op, &mut state, self).await?
            }
        };
        state.message = match (&heard.said, heard.signal) {
            (Some(said), signal) => Some(Message { signal, said: said.clone() }),
            (None, _) if self.refused.is_some() => before.state.message.clone(),
            (None, _) => None,
        };
        if self.refused.is_none() && heard.signal != Signal::Wrong {
            state.accepted_at = self.scanned_at;
        }
        self.note(op, &before.state, heard.signal, heard.said.as_ref());
        let version = before.version + 1;
        let data = serde_json::to_string(&state).map_err(|error| DbError::Form(error.to_string()))?;
        let (warehouse, at, key) = (op.warehouse(), op.at(), op.context.key.as_str());
        op.tx.exec(sql::PUT_STATE, args![person, self.surface, warehouse, version, key, data, at]).await?;
        Ok(Verdict { signal: heard.signal, said: heard.said, version, stale: false })
    }
}

/// Whether a refused code was only another label in view of the scanner, a moment after the right one.
fn in_view(scan: &Scan, before: &State, said: &Said) -> bool {
    let since = scan.scanned_at.ms_since(before.accepted_at);
    scan.source == Source::Wedge && (0..IN_VIEW_MS).contains(&since) && OTHER_LABEL.contains(&said.id.as_str())
}

/// Refusals that another label in view leads to.
const OTHER_LABEL: &[&str] =
    &["floor.unknown_code", "floor.wrong_kind", "floor.wrong_place", "floor.wrong_item", "floor.wrong_tote"];

impl Scan {
    fn note(&self, op: &mut Op<'_, '_>, state: &State, signal: Signal, said: Option<&Said>) {
        let context = op.context;
        let values = args![
            context.warehouse,
            context.at,
            context.actor.person,
            context.key.as_str(),
            self.surface,
            state.step(),
            &self.raw,
            self.source,
            self.scanned_at,
            signal,
            said.map_or("", |said| said.id.as_str())
        ];
        op.tx.later("scan", sql::INSERT_SCAN, values);
    }
}

/// Does what the person's step does with a code.
async fn step(op: &mut Op<'_, '_>, state: &mut State, scan: &Scan) -> Result<Heard, FloorError> {
    let code = classify(op.tx, op.context.warehouse, &scan.raw, &scan.aim).await?;
    match &code {
        Code::Command(Command::Help) => return Ok(help(op, state)),
        Code::Command(Command::GoPack) => return Ok(go(state, Screen::Pack)),
        Code::Command(Command::GoOut) => return Ok(go(state, Screen::Out)),
        Code::Command(Command::GoDay) if scan.surface == Surface::Pda => return Ok(go(state, Screen::Day)),
        Code::Command(Command::GoLook) if scan.surface == Surface::Pda => return Ok(go(state, Screen::Look)),
        Code::Command(Command::GoPick) => return pick::begin(op, state, false).await,
        Code::Command(Command::GoBatch) => return batch::begin(op, state).await,
        Code::Command(Command::GoWall) => return wall::begin(op, state).await,
        Code::Command(Command::GoStow) => return stow::begin(op, state),
        Code::Command(Command::GoCart) => return pick::begin(op, state, true).await,
        _ => {}
    }
    if scan.surface == Surface::Station {
        return match state.screen {
            Screen::Out => out::scan(op, state, &code, scan).await,
            _ => pack::scan(op, state, &code, scan).await,
        };
    }
    match state.screen {
        // No handheld shows these.
        Screen::Pack | Screen::Out => Ok(go(state, Screen::Menu)),
        Screen::Pick => pick::scan(op, state, &code, scan).await,
        Screen::Batch => batch::scan(op, state, &code, scan).await,
        Screen::Wall => wall::scan(op, state, &code, scan).await,
        Screen::Stow => stow::scan(op, state, &code).await,
        Screen::Menu => match &code {
            // A scan begins the work that it belongs to.
            Code::Place { kind: PlaceKind::Cart, .. } => {
                pick::begin(op, state, true).await?;
                pick::scan(op, state, &code, scan).await
            }
            Code::Command(Command::GiveBack) => {
                pick::begin(op, state, false).await?;
                pick::scan(op, state, &code, scan).await
            }
            Code::Command(Command::Ok | Command::Back) => Ok(Heard::ok()),
            Code::Command(_) => Err(refused("floor.not_here", &[])),
            _ => look(state, &code, scan),
        },
        Screen::Look | Screen::Day => match &code {
            Code::Command(Command::Ok | Command::Back) => Ok(go(state, Screen::Menu)),
            Code::Command(_) => Err(refused("floor.not_here", &[])),
            _ => look(state, &code, scan),
        },
    }
}

fn go(state: &mut State, screen: Screen) -> Heard {
    state.screen = screen;
    state.look.clear();
    Heard::ok()
}

/// Shows what was scanned.
fn look(state: &mut State, code: &Code, scan: &Scan) -> Result<Heard, FloorError> {
    if let Code::Unknown(text) = code {
        return Err(refused("floor.unknown_here", &[("code", text)]));
    }
    state.screen = Screen::Look;
    state.look = scan.raw.clone();
    Ok(Heard::ok())
}

/// Calls the lead, with the step and what was scanned last.
fn help(op: &mut Op<'_, '_>, state: &State) -> Heard {
    let person = op.person();
    let data = json!({ "step": state.step(), "place": state.pick.place_code, "look": state.look });
    op.record("help.called", ("person", person.0), &data);
    Heard::info("floor.help_called", &[])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_label_in_view_is_no_mistake() {
        let scan = |at: i64, source: Source| Scan {
            surface: Surface::Pda,
            version: 1,
            after: String::new(),
            raw: "X".into(),
            aim: String::new(),
            source,
            scanned_at: Timestamp(at),
            station: String::new(),
            refused: None,
        };
        let before = State { accepted_at: Timestamp(1_000), ..State::default() };
        let wrong = Said::new("floor.wrong_item", &[]);
        assert!(in_view(&scan(1_299, Source::Wedge), &before, &wrong));
        assert!(!in_view(&scan(1_300, Source::Wedge), &before, &wrong));
        assert!(!in_view(&scan(1_100, Source::Tap), &before, &wrong));
        assert!(!in_view(&scan(1_100, Source::Wedge), &before, &Said::new("floor.too_many", &[])));
        assert!(!in_view(&scan(900, Source::Wedge), &before, &wrong));
    }

    #[test]
    fn a_state_that_cannot_be_read_begins_anew() {
        let standing = Standing::of(Some((7, "k".into(), "{\"screen\":\"gone\"}".into())));
        assert_eq!((standing.version, standing.state), (7, State::default()));
    }
}
