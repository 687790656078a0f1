/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#define IMP_INSIDE

#include "imp-macros.h"
#include "imp-version.h"

#include "analyzers/imp-cascade.h"
#include "analyzers/imp-framer.h"
#include "analyzers/imp-pattern-factory.h"
#include "analyzers/imp-pinning-factory.h"
#include "analyzers/imp-session-log-factory.h"
#include "analyzers/imp-rewriter.h"
#include "core/imp-analyzer.h"
#include "core/imp-data-type.h"
#include "core/imp-enums.h"
#include "core/imp-error.h"
#include "core/imp-factory-status.h"
#include "core/imp-factory.h"
#include "core/imp-interface.h"
#include "core/imp-pass-analyzer.h"
#include "core/imp-result.h"
#include "core/imp-type-factory.h"
#include "core/imp-view.h"
#include "faults/imp-fault-stream.h"
#include "modules/imp-module.h"
#include "provider/imp-datagram-relay.h"
#include "provider/imp-difference.h"
#include "provider/imp-filter.h"
#include "provider/imp-outcome.h"
#include "provider/imp-prover.h"
#include "provider/imp-recorder.h"
#include "provider/imp-recording-writer.h"
#include "provider/imp-recording.h"
#include "provider/imp-relay.h"
#include "rpc/client/imp-remote-factory.h"
#include "rpc/imp-shared-memory.h"
#include "rpc/server/imp-peer.h"
#include "rpc/server/imp-server.h"
#include "wire/imp-codec.h"
#include "wire/imp-message.h"

#undef IMP_INSIDE
