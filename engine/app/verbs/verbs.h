#pragma once

#include "engine/app/verb.h"

// What each verb takes and does: a file a verb, or a file for a few that share one idea.
namespace couplet {

VerbSpec reconcile_verb();
VerbSpec plan_verb();
VerbSpec sync_verb();
VerbSpec explain_verb();
VerbSpec status_verb();
VerbSpec validate_verb();
VerbSpec state_verify_verb();
VerbSpec version_verb();

}  // namespace couplet
