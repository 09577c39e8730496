//! Why a printer stands still.

use crate::Sentence;
use serde::{Deserialize, Serialize};

/// A reason a printer gives for not printing. It blocks the printer's queue, not the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// No label stock under the sensor.
    PaperOut,
    /// No ribbon.
    RibbonOut,
    /// The print head is up.
    HeadOpen,
    /// The pause key was pressed.
    Paused,
    /// The receive buffer takes nothing more.
    BufferFull,
    /// The head is too cold to print.
    HeadCold,
    /// The head is too hot to print; it goes on by itself when it has cooled down.
    HeadHot,
    /// The settings in the printer's memory are lost.
    ConfigurationLost,
    /// A finished label waits to be taken off.
    LabelWaiting,
    /// The printer prints what it receives as a listing, not as a label.
    DiagnosticMode,
    /// The stock is jammed.
    PaperJam,
    /// The cover is open.
    CoverOpen,
    /// The cutter does not move.
    CutterFault,
    /// The printer has no memory for the label.
    OutOfMemory,
    /// The printer refused the label as it was sent.
    BadLabel,
    /// The printer was switched on or reset since the job began.
    Restarted,
    /// The printer is off line.
    Offline,
    /// Somebody feeds paper by the key.
    Feeding,
    /// An error that only switching off ends.
    NotRecoverable,
    /// An error that the printer does not name.
    OtherError,
    /// The paper is near its end; a warning.
    PaperLow,
    /// The battery is low; a warning.
    BatteryLow,
    /// The printer answered something that we don't know; it never counts as ready.
    UnknownAnswer,
}

impl Fault {
    /// Every fault, for tables and tests.
    pub const ALL: [Self; 23] = [
        Self::PaperOut,
        Self::RibbonOut,
        Self::HeadOpen,
        Self::Paused,
        Self::BufferFull,
        Self::HeadCold,
        Self::HeadHot,
        Self::ConfigurationLost,
        Self::LabelWaiting,
        Self::DiagnosticMode,
        Self::PaperJam,
        Self::CoverOpen,
        Self::CutterFault,
        Self::OutOfMemory,
        Self::BadLabel,
        Self::Restarted,
        Self::Offline,
        Self::Feeding,
        Self::NotRecoverable,
        Self::OtherError,
        Self::PaperLow,
        Self::BatteryLow,
        Self::UnknownAnswer,
    ];

    /// A stable name for logs and interfaces.
    pub fn code(self) -> &'static str {
        match self {
            Self::PaperOut => "paper_out",
            Self::RibbonOut => "ribbon_out",
            Self::HeadOpen => "head_open",
            Self::Paused => "paused",
            Self::BufferFull => "buffer_full",
            Self::HeadCold => "head_cold",
            Self::HeadHot => "head_hot",
            Self::ConfigurationLost => "configuration_lost",
            Self::LabelWaiting => "label_waiting",
            Self::DiagnosticMode => "diagnostic_mode",
            Self::PaperJam => "paper_jam",
            Self::CoverOpen => "cover_open",
            Self::CutterFault => "cutter_fault",
            Self::OutOfMemory => "out_of_memory",
            Self::BadLabel => "bad_label",
            Self::Restarted => "restarted",
            Self::Offline => "offline",
            Self::Feeding => "feeding",
            Self::NotRecoverable => "not_recoverable",
            Self::OtherError => "other_error",
            Self::PaperLow => "paper_low",
            Self::BatteryLow => "battery_low",
            Self::UnknownAnswer => "unknown_answer",
        }
    }

    /// What to do, for the person beside the printer.
    pub fn hint(self) -> Sentence {
        match self {
            Self::PaperOut => Sentence::new(
                "No labels left: put in a new roll and close the printer.",
                "标签用完：请装入新卷并合上打印机。",
            ),
            Self::RibbonOut => Sentence::new("No ribbon left: put in a new ribbon.", "碳带用完：请更换碳带。"),
            Self::HeadOpen => Sentence::new("The print head is open: close it.", "打印头未合上：请合上打印头。"),
            Self::Paused => {
                Sentence::new("The printer is paused: press its pause key.", "打印机已暂停：请按暂停键恢复。")
            }
            Self::BufferFull => Sentence::new(
                "The printer's memory is full: wait until it has printed, or switch it off and on.",
                "打印机内存已满：请等待打印完成，或重新开机。",
            ),
            Self::HeadCold => Sentence::new("The print head is too cold: let it warm up.", "打印头过冷：请等待升温。"),
            Self::HeadHot => Sentence::new("The print head is too hot: let it cool down.", "打印头过热：请等待冷却。"),
            Self::ConfigurationLost => Sentence::new(
                "The printer has lost its settings: call the administrator to set it up again.",
                "打印机设置丢失：请管理员重新设置。",
            ),
            Self::LabelWaiting => {
                Sentence::new("A label waits in the printer: take it off.", "有标签等待取走：请取下标签。")
            }
            Self::DiagnosticMode => Sentence::new(
                "The printer is in diagnostic mode: switch it off and on.",
                "打印机处于诊断模式：请重新开机。",
            ),
            Self::PaperJam => {
                Sentence::new("Labels are jammed: open the printer and take them out.", "卡纸：请打开打印机取出。")
            }
            Self::CoverOpen => Sentence::new("The cover is open: close it.", "上盖未合：请合上上盖。"),
            Self::CutterFault => Sentence::new(
                "The cutter is stuck: switch the printer off and look at it.",
                "切刀故障：请关机检查切刀。",
            ),
            Self::OutOfMemory => Sentence::new(
                "The printer has no memory left for the label: switch it off and on.",
                "打印机内存不足：请重新开机。",
            ),
            Self::BadLabel => Sentence::new(
                "The printer refused the label: call the administrator, its language or size may be set wrongly.",
                "打印机拒绝了标签：请管理员检查语言和尺寸设置。",
            ),
            Self::Restarted => Sentence::new(
                "The printer was switched off and on: look whether the label came out.",
                "打印机重新启动过：请查看标签是否已打印。",
            ),
            Self::Offline => Sentence::new(
                "The printer is off line: press its key to bring it back.",
                "打印机离线：请按面板按键恢复。",
            ),
            Self::Feeding => {
                Sentence::new("Paper is being fed by the key: let go of it.", "正在手动进纸：请松开进纸键。")
            }
            Self::NotRecoverable => {
                Sentence::new("The printer reports an error: switch it off and on.", "打印机出错：请重新开机。")
            }
            Self::OtherError => {
                Sentence::new("The printer reports an error: look at its display.", "打印机出错：请查看面板。")
            }
            Self::PaperLow => {
                Sentence::new("The paper is nearly used up: keep a new roll ready.", "纸张即将用完：请准备新卷。")
            }
            Self::BatteryLow => Sentence::new("The battery is low: charge it.", "电量不足：请充电。"),
            Self::UnknownAnswer => Sentence::new(
                "The printer gave an answer that can't be read: look at its display, then switch it off and on.",
                "无法识别打印机的回答：请查看面板，然后重新开机。",
            ),
        }
    }

    /// Whether the printer may go on without anybody, or is only waiting for a hand that takes a label. Such a fault
    /// after the last byte is waited for; any other one puts the job in doubt at once.
    pub(crate) fn may_pass(self) -> bool {
        matches!(
            self,
            Self::BufferFull
                | Self::HeadCold
                | Self::HeadHot
                | Self::LabelWaiting
                | Self::UnknownAnswer
                | Self::Feeding
                | Self::PaperLow
                | Self::BatteryLow
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_fault_has_its_own_code_and_a_sentence_in_both_languages() {
        let mut codes = HashSet::new();
        for fault in Fault::ALL {
            assert!(codes.insert(fault.code()));
            assert_eq!(serde_json::to_value(fault).unwrap(), fault.code());
            assert!(fault.hint().en.ends_with('.') && fault.hint().zh.ends_with('。'), "{fault:?}");
        }
    }
}
