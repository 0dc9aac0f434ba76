#pragma once

#include "engine/app/verb.h"

// What each verb takes and does: a file a verb, or a file for a few that share one idea.
namespace couplet {

VerbSpec run_verb();
VerbSpec reconcile_verb();
VerbSpec plan_verb();
VerbSpec sync_verb();
VerbSpec explain_verb();
VerbSpec status_verb();
VerbSpec validate_verb();
VerbSpec state_verify_verb();
VerbSpec init_verb();
VerbSpec doctor_verb();
VerbSpec setup_verb();
VerbSpec teardown_verb();
VerbSpec schema_verb();
VerbSpec completion_verb();
VerbSpec version_verb();
VerbSpec links_list_verb();
VerbSpec links_show_verb();
VerbSpec links_add_verb();
VerbSpec links_remove_verb();
VerbSpec links_export_verb();
VerbSpec links_import_verb();
VerbSpec conflicts_list_verb();
VerbSpec conflicts_show_verb();
VerbSpec parked_list_verb();
VerbSpec parked_show_verb();
VerbSpec parked_retry_verb();
VerbSpec parked_discard_verb();
VerbSpec held_list_verb();

}  // namespace couplet
