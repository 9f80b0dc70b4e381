//! The `dns` primitive: asks the system's resolver and each named one for the host of the path.

mod handed;
mod query;
mod system;

use futures_util::future::{join, join_all};
use hickory_resolver::proto::rr::Name;

use self::query::Told;
use self::system::System;
use super::{Ask, Done};
use crate::facts::sheet::RowBuilder;
use crate::facts::tables::dns::{Answer, DNS, Record};
use crate::facts::tables::path::{AddressClass, Scheme};
use crate::facts::{Because, Cell, Reason, Row, Sheet, Value};

/// The name of the system's own resolver in facts.
const SYSTEM: &str = "system";

/// Both record types.
const RECORDS: [Record; 2] = [Record::A, Record::Aaaa];

/// Fills the lane's addresses; for a literal address without asking anybody, and then without a sheet.
pub async fn run(ask: &mut Ask<'_>) -> Done {
    let Some(way) = ask.way.filter(|w| w.endpoint.scheme != Scheme::Unix) else {
        return Done { sheets: vec![], succeeded: true };
    };
    if let Some(address) = way.endpoint.ip() {
        (ask.lane.addresses, ask.lane.handed) = (vec![address], Some(vec![address]));
        return Done { sheets: vec![], succeeded: true };
    }
    let system = match ask.target.world.name_server {
        Some(server) => System { servers: vec![server], ..System::default() },
        None => System::load().await,
    };
    resolve(ask, &way.endpoint.host, &system).await
}

async fn resolve(ask: &mut Ask<'_>, host: &str, system: &System) -> Done {
    let site = ask.vantage.at_site();
    // The underscore of a service's name is against the rules for hosts, and resolvers and hosts files know it all the same.
    let Ok(name) = Name::from_str_relaxed(host) else {
        let because = Because::new(Reason::Unsupported, "the host is not a name that DNS can hold");
        return Done { sheets: vec![Sheet::not_measured(&DNS, &site, because)], succeeded: false };
    };
    let mut sheet = Sheet::new(&DNS, &site);
    let told = match system.own(&name) {
        // What the machine itself knows is nobody else's business.
        Some(own) => RECORDS.iter().map(|record| (SYSTEM, *record, known(&own, *record))).collect(),
        None => ask_all(ask, system, &name).await,
    };
    for (resolver, record, told) in &told {
        rows(ask, resolver, host, *record, told).into_iter().for_each(|row| sheet.push(row));
    }
    let of_system = told.iter().filter(|(resolver, ..)| *resolver == SYSTEM);
    let found: Vec<_> = of_system.flat_map(|(_, _, told)| told.found.iter().flatten()).map(|(address, _)| *address).collect();
    ask.lane.handed = match ask.target.world.name_server {
        // The world's own name server stands for all that the machine would do.
        Some(_) => Some(found.clone()),
        None if !system.may_ask_library(&name) => None,
        None => handed::handed(host, &found, &ask.deadline).await,
    };
    ask.lane.addresses = handed::to_try(ask.lane.handed.as_deref(), &found);
    let succeeded = !ask.lane.addresses.is_empty();
    if !succeeded {
        ask.lane.blocked = Some(format!("dns@{site}[resolver={SYSTEM},name={host},type=A,answer=0].class"));
    }
    Done { sheets: vec![sheet], succeeded }
}

/// Every resolver, both record types, all at once: they are different peers, and two datagrams disturb nobody.
async fn ask_all<'a>(ask: &'a Ask<'_>, system: &System, name: &Name) -> Vec<(&'a str, Record, Told)> {
    let own = RECORDS.iter().map(async |record| (SYSTEM, *record, system.ask(name, *record, &ask.deadline).await));
    let mut absolute = name.clone();
    absolute.set_fqdn(true);
    let named = ask.target.resolvers.iter().flat_map(|resolver| RECORDS.map(|record| (resolver, record)));
    let named = named.map(async |(resolver, record)| {
        (resolver.name.as_str(), record, query::query(resolver.address, &absolute, record, &ask.deadline).await)
    });
    let (mut all, named) = join(join_all(own), join_all(named)).await;
    all.extend(named);
    all
}

/// What the machine itself knows of a name; nobody was asked, so there is no time and no server.
fn known(own: &[std::net::IpAddr], record: Record) -> Told {
    let fits = own.iter().filter(|a| a.is_ipv4() == (record == Record::A));
    let found: Vec<_> = fits.map(|a| (*a, None)).collect();
    Told { found: if found.is_empty() { Err(Answer::None) } else { Ok(found) }, rcode: None, after: None, server: None }
}

/// One row per address, or the one that says why there is none.
fn rows(ask: &Ask<'_>, resolver: &str, host: &str, record: Record, told: &Told) -> Vec<Row> {
    let row = |answer: usize| {
        let number = i64::try_from(answer).unwrap_or(i64::MAX);
        let key = [Value::from(resolver), Value::from(host), Value::from(record.as_str()), Value::from(number)];
        RowBuilder::new(&DNS, key)
            .maybe("after", told.after)
            .maybe("rcode", told.rcode.clone())
            .maybe("server", told.server.map(|s| s.to_string()))
    };
    match &told.found {
        Ok(found) => found
            .iter()
            .enumerate()
            .map(|(index, (address, ttl))| {
                row(index + 1)
                    .set("address", *address)
                    .set("class", class(*address).as_str())
                    .maybe("ttl", *ttl)
                    .rest(Cell::Absent)
            })
            .collect(),
        Err(Answer::Silent) if !ask.deadline.is_own() => vec![row(0).rest(Cell::not_measured(Reason::Deadline))],
        Err(why) => vec![row(0).set("class", why.as_str()).rest(Cell::Absent)],
    }
}

fn class(address: std::net::IpAddr) -> Answer {
    match AddressClass::of(address) {
        AddressClass::Loopback => Answer::Loopback,
        AddressClass::Tailnet => Answer::Tailnet,
        AddressClass::FakeIp => Answer::FakeIp,
        AddressClass::LinkLocal => Answer::LinkLocal,
        AddressClass::Private => Answer::Private,
        AddressClass::Public | AddressClass::Name => Answer::Public,
    }
}

#[cfg(test)]
mod tests;
