//! Who acts, and what they may do.

use std::collections::BTreeSet;

use super::ids::PersonId;

crate::codes! {
    /// What a person may do. Roles are sets of these.
    pub enum Right {
        /// See orders, waves, stock, devices; personal data masked.
        Read = "read",
        /// See personal data unmasked; each look is logged.
        ReadPersonal = "read_personal",
        /// Bring orders in by API or file.
        OrderWrite = "order_write",
        /// Release or cancel held orders, change promises.
        OrderReview = "order_review",
        /// Change the catalogue, locations and barcodes.
        CatalogWrite = "catalog_write",
        /// Move stock between places.
        StockMove = "stock_move",
        /// Adjust stock, change its status.
        StockAdjust = "stock_adjust",
        /// Make, release and close waves, take orders out.
        WaveManage = "wave_manage",
        /// Pick.
        Pick = "pick",
        /// Pack, weigh, print first labels.
        Pack = "pack",
        /// Close a parcel or confirm a pick without scan evidence, with a reason.
        ForcePass = "force_pass",
        /// Print a second copy of a label, with a reason.
        Reprint = "reprint",
        /// Hand parcels to a carrier.
        Ship = "ship",
        /// Waybill pools, carriers, stations, printers.
        ShippingSetup = "shipping_setup",
        /// Be a packing PC: print its labels, bring what its devices say.
        StationHost = "station_host",
        /// Storefront channels, endpoints, inbox and outbox replay.
        StorefrontManage = "storefront_manage",
        /// People, roles, tokens.
        PeopleManage = "people_manage",
        /// Count places, without seeing what the book says.
        Count = "count",
        /// See what the book says while a count that isn't blind goes on.
        CountOpen = "count_open",
        /// Plan and cancel counts, see differences.
        CountManage = "count_manage",
        /// Approve differences that others found, and post them.
        CountApprove = "count_approve",
        /// Approve differences of any value.
        CountApproveLarge = "count_approve_large",
        /// Read the event journal and the ledger.
        Audit = "audit",
    }
}

impl Right {
    /// Whether a badge alone, which can be lost or photographed, isn't enough for it.
    #[must_use]
    pub const fn strong(self) -> bool {
        matches!(
            self,
            Self::ReadPersonal
                | Self::OrderReview
                | Self::CatalogWrite
                | Self::StockAdjust
                | Self::ForcePass
                | Self::Reprint
                | Self::ShippingSetup
                | Self::StorefrontManage
                | Self::PeopleManage
                | Self::CountApprove
                | Self::CountApproveLarge
                | Self::Audit
        )
    }
}

crate::codes! {
    /// A named set of rights.
    pub enum Role {
        /// Picks.
        Picker = "picker",
        /// Packs and hands over.
        Packer = "packer",
        /// Receives and puts away.
        Receiver = "receiver",
        /// Counts.
        Counter = "counter",
        /// Runs the shift: waves, forced passes, reprints.
        ShiftLead = "shift_lead",
        /// Runs the warehouse.
        Manager = "manager",
        /// Talks to customers: reviews orders.
        CustomerService = "customer_service",
        /// Reads everything, changes nothing.
        Auditor = "auditor",
        /// May do everything.
        Administrator = "administrator",
        /// A shop's program: brings orders in, reads.
        Shop = "shop",
        /// The program of a packing PC.
        Station = "station",
    }
}

impl Role {
    /// What the role may do.
    #[must_use]
    pub const fn rights(self) -> &'static [Right] {
        use Right as R;
        match self {
            Self::Picker => &[R::Read, R::Pick],
            Self::Packer => &[R::Read, R::Pack, R::Ship],
            Self::Receiver => &[R::Read, R::StockMove],
            // What lies where is on every list of stock, so that who counts blind reads none.
            Self::Counter => &[R::Count],
            Self::ShiftLead => &[
                R::Read,
                R::ReadPersonal,
                R::OrderReview,
                R::StockMove,
                R::WaveManage,
                R::Pick,
                R::Pack,
                R::ForcePass,
                R::Reprint,
                R::Ship,
                R::Count,
                R::CountOpen,
                R::CountManage,
            ],
            Self::Manager => &[
                R::Read,
                R::ReadPersonal,
                R::OrderWrite,
                R::OrderReview,
                R::CatalogWrite,
                R::StockMove,
                R::StockAdjust,
                R::WaveManage,
                R::Pick,
                R::Pack,
                R::ForcePass,
                R::Reprint,
                R::Ship,
                R::ShippingSetup,
                R::Count,
                R::CountOpen,
                R::CountManage,
                R::CountApprove,
                R::CountApproveLarge,
                R::Audit,
            ],
            Self::CustomerService => &[R::Read, R::ReadPersonal, R::OrderWrite, R::OrderReview],
            Self::Auditor => &[R::Read, R::Audit],
            Self::Administrator => Right::ALL,
            Self::Shop => &[R::Read, R::OrderWrite],
            Self::Station => &[R::Read, R::StationHost],
        }
    }
}

/// A person in action.
#[derive(Clone, Debug)]
pub struct Actor {
    /// Who.
    pub person: PersonId,
    /// Their number, as events and screens show it.
    pub number: String,
    /// What they may do.
    pub rights: BTreeSet<Right>,
}

impl Actor {
    /// The program itself, for its own background work. Person 1 is made with the tables.
    #[must_use]
    pub fn system() -> Self {
        Self { person: PersonId(1), number: "SYSTEM".to_owned(), rights: Right::ALL.iter().copied().collect() }
    }

    /// A person with the rights of `roles`.
    #[must_use]
    pub fn new(person: PersonId, number: &str, roles: &[Role]) -> Self {
        let rights = roles.iter().flat_map(|role| role.rights().iter().copied()).collect();
        Self { person, number: number.to_owned(), rights }
    }

    /// Whether a badge alone isn't enough to act as this person.
    #[must_use]
    pub fn is_strong(&self) -> bool {
        self.rights.iter().any(|right| right.strong())
    }

    /// Whether the person may do this.
    #[must_use]
    pub fn may(&self, right: Right) -> bool {
        self.rights.contains(&right)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_add_up_and_nobody_gets_more_than_them() {
        let actor = Actor::new(PersonId(2), "007", &[Role::Picker, Role::Packer]);
        assert!(actor.may(Right::Pick) && actor.may(Right::Pack) && actor.may(Right::Ship));
        assert!(!actor.may(Right::ForcePass) && !actor.may(Right::ReadPersonal));
    }

    #[test]
    fn only_roles_that_need_it_see_personal_data() {
        let seeing: Vec<_> = Role::ALL.iter().filter(|role| role.rights().contains(&Right::ReadPersonal)).collect();
        assert_eq!(seeing, [&Role::ShiftLead, &Role::Manager, &Role::CustomerService, &Role::Administrator]);
    }
}
