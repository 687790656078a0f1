// SPDX-License-Identifier: LGPL-2.1-or-later
// An abstract class cannot have a public constructor in Vala: here it is a function.
namespace Imp {
    [CCode (cname = "imp_factory_new_from_settings")]
    public static Factory factory_new_from_settings (GLib.Type type, string? settings)
        throws GLib.Error;
}
