#pragma once

#include <string>

#include "tests/unit/definition/described_tables.h"

// The example of DESIGN section 3 and the tables that it is about.
namespace couplet::test {

inline const std::string kSeedFile = R"yaml(version: 1
name: cloud-inventory            # names the slots, the origin, the metrics label
state: /var/lib/couplet/cloud-inventory

sources:
  daphne:
    type: postgres               # postgres | sqlite | kafka
    url: { env: DAPHNE_URL }     # libpq URL or key=value text
  desire:
    type: postgres
    url: postgresql://couplet@db2/desire?sslmode=verify-full

entities:                        # only what the catalog cannot tell
  daphne.VlanServiceConnection:
    table: vlan_service_connections
    updated_at: updated_at       # change time for last_write_wins; else the commit time seen in the stream
    references: { parent: provider_id }
  daphne.VlanServiceProvider: { table: vlan_service_providers }
  desire.CloudServiceProvider: { table: cloud_service_providers }
  desire.CloudRegion:   { table: cloud_regions,   references: { parent: provider_id } }
  desire.CloudHandover: { table: cloud_handovers, references: { parent: region_id } }
  desire.NIC:           { table: nics,            references: { parent: handover_id } }

mappings:
  provider:
    left: daphne.VlanServiceProvider
    right: desire.CloudServiceProvider
    direction: both              # left_to_right | right_to_left | both
    keys: [ name ]               # short for { left: name, right: name }
    attributes: [ { left: canUpgrade, right: upgrade_allowed } ]
  region:                        # many connections contribute to one region
    left: daphne.VlanServiceConnection
    right: desire.CloudRegion
    direction: left_to_right
    cardinality: many_to_one
    keys:
      - { left: region, right: name }
      - { left: parent, right: parent, link: provider }   # translated through that mapping's links
    attributes: [ { left: externalRef, right: external_ref } ]
  handover:
    left: daphne.VlanServiceConnection
    right: desire.CloudHandover
    direction: left_to_right
    cardinality: many_to_one
    keys:
      - { left: pop, right: name }
      - { left: self, right: parent, link: region }
    attributes: [ { left: externalRef, right: external_ref } ]
  nic_import:                    # deep joins on the side that is read
    left: daphne.VlanServiceConnection
    right: desire.NIC
    direction: right_to_left
    keys:
      - name
      - { left: region, right: parent.parent.name }
      - { left: pop, right: parent.name }
      - { left: parent, right: parent.parent.parent, link: provider }
    attributes: [ { left: externalRef, right: external_ref } ]
  nic_export:
    left: daphne.VlanServiceConnection
    right: desire.NIC
    direction: left_to_right
    keys:
      - name
      - { left: self, right: parent, link: handover }
    attributes: [ { left: externalRef, right: external_ref } ]

reconcile: { every: 15m }        # or: cron: "0 3 * * *", timezone: Europe/Berlin
http: { listen: 127.0.0.1:8080 }
)yaml";

inline DescribedSources seed_tables() {
  const Type boolean = type_of(TypeKind::kBool);
  return {
      {
          table("vlan_service_connections")
              .id()
              .required("name")
              .text("region")
              .text("pop")
              .text("externalRef")
              .foreign_key("provider_id", "vlan_service_providers")
              .column("updated_at", type_of(TypeKind::kTimestampTz))
              .made(),
          table("vlan_service_providers")
              .id()
              .required("name")
              .column("canUpgrade", boolean)
              .made(),
      },
      {
          table("cloud_service_providers")
              .id()
              .required("name")
              .column("upgrade_allowed", boolean)
              .made(),
          table("cloud_regions")
              .id()
              .required("name")
              .text("external_ref")
              .foreign_key("provider_id", "cloud_service_providers")
              .made(),
          table("cloud_handovers")
              .id()
              .required("name")
              .text("external_ref")
              .foreign_key("region_id", "cloud_regions")
              .made(),
          table("nics")
              .id()
              .required("name")
              .text("external_ref")
              .foreign_key("handover_id", "cloud_handovers")
              .made(),
      },
  };
}

}  // namespace couplet::test
