#pragma once

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/postgres_cluster.h"

// The example of the quickstart (docs/quickstart), on databases of either kind.
namespace couplet::test {

// daphne.sql and desire.sql as a SQLite application would have made them.
inline constexpr const char* kDaphneTables = R"(
  create table vlan_service_providers (
    id integer primary key, name text not null unique, "canUpgrade" boolean);
  create table vlan_service_connections (
    id integer primary key, name text not null, region text not null, pop text not null,
    provider_id integer not null references vlan_service_providers, "externalRef" text,
    updated_at timestamp not null default (strftime('%Y-%m-%d %H:%M:%f', 'now')));
  insert into vlan_service_providers (name, "canUpgrade") values ('AWS', false), ('AZURE', null);
  insert into vlan_service_connections (name, region, pop, provider_id) values
    ('nic-1', 'eu-central-1', 'INX6', 1), ('nic-2', 'eu-central-1', 'EqFA5', 1),
    ('nic-3', 'eu-west-2', 'EqFA5', 1);
)";
inline constexpr const char* kDesireTables = R"(
  create table cloud_service_providers (
    id integer primary key, name text not null unique, upgrade_allowed boolean);
  create table cloud_regions (
    id integer primary key, name text not null,
    provider_id integer not null references cloud_service_providers, external_ref text,
    unique (provider_id, name));
  create table cloud_handovers (
    id integer primary key, name text not null,
    region_id integer not null references cloud_regions, external_ref text,
    unique (region_id, name));
  create table nics (
    id integer primary key, name text not null,
    handover_id integer not null references cloud_handovers, external_ref text,
    unique (handover_id, name));
  insert into cloud_service_providers (name, upgrade_allowed) values ('AWS', true), ('IBM', null);
  insert into cloud_regions (name, provider_id) values
    ('eu-central-1', 1), ('eu-west-1', 1), ('eu-west-2', 1), ('EU-Frankfurt', 2);
  insert into cloud_handovers (name, region_id) values
    ('INX6', 1), ('EqFA5', 1), ('LON1', 2), ('EqFA5', 3), ('fra03', 4);
  insert into nics (name, handover_id, external_ref) values
    ('nic-1', 1, null), ('nic-2a', 2, null), ('nic-3a', 3, null), ('nic-3', 4, 'nic3-eref'),
    ('nic-4', 5, null);
)";

inline std::string text_of_file(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// The definition of the quickstart with these sources.
inline std::string quickstart_with(const std::string& name, const std::string& daphne,
                                   const std::string& desire) {
  std::string text = text_of_file(COUPLET_SOURCE_DIR "/docs/quickstart/couplet.yaml");
  return "version: 1\nname: " + name + "\nstate: state\nsources:\n  daphne: " + daphne +
         "\n  desire: " + desire + "\n" + text.substr(text.find("entities:"));
}

// Objects by name, whatever the database: one text each.
template <typename Database>
std::vector<std::string> objects_of(const Database& database,
                                    const std::vector<std::string>& queries) {
  std::vector<std::string> objects;
  for (const std::string& query : queries) {
    for (const Row& row : database.query(query)) {
      std::string object;
      for (const auto& cell : row) {
        object += (object.empty() ? "" : " ") + cell.value_or("-");
      }
      objects.push_back(std::move(object));
    }
  }
  std::sort(objects.begin(), objects.end());
  return objects;
}

template <typename Database>
std::vector<std::string> daphne_objects(const Database& database) {
  return objects_of(
      database,
      {"select 'provider', name, case when \"canUpgrade\" then 'true' when not \"canUpgrade\" then "
       "'false' end from vlan_service_providers",
       "select 'connection', c.name, c.pop, c.region, p.name, c.\"externalRef\" from "
       "vlan_service_connections as c join vlan_service_providers as p on p.id = c.provider_id"});
}

template <typename Database>
std::vector<std::string> desire_objects(const Database& database) {
  return objects_of(
      database,
      {"select 'provider', name, case when upgrade_allowed then 'true' when not upgrade_allowed "
       "then 'false' end from cloud_service_providers",
       "select 'region', r.name, p.name, r.external_ref from cloud_regions as r join "
       "cloud_service_providers as p on p.id = r.provider_id",
       "select 'handover', h.name, r.name, p.name, h.external_ref from cloud_handovers as h join "
       "cloud_regions as r on r.id = h.region_id join cloud_service_providers as p on p.id = "
       "r.provider_id",
       "select 'nic', n.name, h.name, r.name, p.name, n.external_ref from nics as n join "
       "cloud_handovers as h on h.id = n.handover_id join cloud_regions as r on r.id = h.region_id "
       "join cloud_service_providers as p on p.id = r.provider_id"});
}

}  // namespace couplet::test
