/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names the public types that no function of the library takes or returns, so that they are
 * compared with what they were, too. It is only looked at and never run. */
#include <imp-remote.h>

IMP_EXTERN void imp_abi_types (ImpAnalyzerClass *analyzer, ImpCodecInterface *codec,
                               ImpFactoryClass *factory, ImpTypeFactoryClass *type_factory,
                               ImpError error, ImpFailMode fail, ImpPatternAction action,
                               ImpPatternOver over, ImpPatternHoldAction hold_action,
                               ImpFramerClass *framer, ImpRewriterClass *rewriter,
                               ImpDelayAction delay, ImpSessionLogFormat format,
                               ImpSharedMemory shared_memory, ImpServerClass *server,
                               ImpHttpAnalyzerClass *http, ImpHttpLarge large,
                               ImpHttpStrict strict);

void
imp_abi_types (ImpAnalyzerClass *analyzer, ImpCodecInterface *codec, ImpFactoryClass *factory,
               ImpTypeFactoryClass *type_factory, ImpError error, ImpFailMode fail,
               ImpPatternAction action, ImpPatternOver over, ImpPatternHoldAction hold_action,
               ImpFramerClass *framer, ImpRewriterClass *rewriter, ImpDelayAction delay,
               ImpSessionLogFormat format, ImpSharedMemory shared_memory, ImpServerClass *server,
               ImpHttpAnalyzerClass *http, ImpHttpLarge large, ImpHttpStrict strict)
{
}
