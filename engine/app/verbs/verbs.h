#pragma once

#include "engine/app/verb.h"

// What each verb takes and does: a file a verb, or a file for a few that share one idea.
namespace couplet {

VerbSpec reconcile_verb();
VerbSpec plan_verb();
VerbSpec status_verb();
VerbSpec validate_verb();
VerbSpec state_verify_verb();
VerbSpec init_verb();
VerbSpec doctor_verb();
VerbSpec schema_verb();
VerbSpec completion_verb();
VerbSpec version_verb();

}  // namespace couplet
