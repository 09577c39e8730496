//! Why an operation on stations, printers and print jobs may refuse.

use super::model::JobState;

crate::refusals! {
    /// Why an operation on stations, printers and print jobs may refuse.
    pub enum StationError {
        /// A thing that was named isn't there.
        NotFound { what: &'static str, code: String } = 404 "not_found",
        /// The person lacks the right.
        Forbidden { right: &'static str } = 403 "forbidden",
        /// A code or name is empty or too long.
        BadName { field: &'static str } = 422 "station.bad_name",
        /// The address is none for this transport.
        BadAddress { address: String } = 422 "station.bad_address",
        /// The density is none of a label printer.
        BadDensity { dots_per_m: i64 } = 422 "station.bad_density",
        /// The stock's name means nothing.
        BadStock { stock: String } = 422 "station.bad_stock",
        /// A device that is told in PDF.
        PdfDevice { transport: String } = 422 "station.pdf_device",
        /// The address is none of a device.
        BadDevice { address: String } = 422 "station.bad_device",
        /// No scanner or scale talks like this.
        UnknownWay { way: String, known: String } = 422 "station.unknown_way",
        /// The station's devices hang on the machine of the service.
        NoAgent { station: String } = 409 "station.no_agent",
        /// Another packing PC is connected as this station.
        AgentElsewhere { station: String } = 409 "station.agent_elsewhere",
        /// The program of the packing PC and the service don't understand each other.
        Versions { station: String, service: String } = 426 "station.versions",
        /// A station speaks of a job of a printer that hangs elsewhere.
        NotThere { job: String } = 409 "station.not_there",
        /// There is no printer that could print this.
        NoPrinter { kind: &'static str, needs: String } = 409 "station.no_printer",
        /// There is no such label or paper, or it is no one that can be asked for alone.
        UnknownPaper { kind: String } = 422 "station.unknown_paper",
        /// What a paper shall say is none of its kind.
        BadPaper { kind: &'static str, why: String } = 422 "station.bad_paper",
        /// No or too many copies.
        BadCopies { copies: i64 } = 422 "station.bad_copies",
        /// More locations begin like this than are printed at once.
        TooManyLabels { begin: String, most: i64 } = 422 "station.too_many_labels",
        /// The printer understands another language than the document is written in.
        OtherLanguage { printer: String, language: &'static str } = 409 "station.other_language",
        /// The printer is switched off in the setup.
        PrinterInactive { printer: String } = 409 "station.printer_inactive",
        /// The parcel has no waybill number, so there is nothing to print.
        NoWaybill { parcel: String } = 409 "station.no_waybill",
        /// The parcel is with the carrier.
        HandedOver { parcel: String } = 409 "station.handed_over",
        /// The order must not be shipped.
        OrderStopped { order: String, state: String } = 409 "station.order_stopped",
        /// A second print needs a reason.
        ReasonMissing {} = 422 "station.reason_missing",
        /// No label of this parcel was queued yet.
        NeverQueued { parcel: String } = 409 "station.never_queued",
        /// The job's state doesn't allow this.
        WrongState { job: String, state: JobState } = 409 "station.wrong_state",
        /// The label is on paper, or may be.
        LabelOut { parcel: String } = 409 "station.label_out",
        /// The scan is no waybill number of ours.
        UnknownLabel { scanned: String } = 404 "station.unknown_label",
        /// The label that was scanned has not been sent to a printer.
        NotSent { scanned: String } = 409 "station.not_sent",
        /// Personal data can't be opened with this key file, or sealed.
        Sealed {} = 500 "station.sealed",
    }
}

impl From<crate::kernel::vault::VaultError> for StationError {
    fn from(error: crate::kernel::vault::VaultError) -> Self {
        tracing::error!(%error, "personal data of a label");
        Self::Sealed {}
    }
}
