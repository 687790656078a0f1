// SPDX-License-Identifier: LGPL-2.1-or-later
// A program outside the project, in Vala: an analyzer, a factory for it, a filter.

class Shout : Imp.Analyzer {
    private int64 position = 0;

    public override bool data (Imp.Direction direction, Bytes data, int64 offset, int32 data_type)
            throws Error {
        if (data.get_size () == 0)
            return true;
        if (data.get_size () == 7)
            throw new Imp.Error.FATAL ("seven is unlucky");
        position += (int64) data.get_size ();
        this.replace_bytes (direction, position, text_of (data).up ().data);
        return true;
    }
}

string text_of (Bytes data) {
    return ((string) data.get_data ()).substring (0, (long) data.get_size ());
}

int main () {
    try {
        var pattern = Imp.factory_new_from_settings (typeof (Imp.PatternFactory), "string=a");
        print ("%s\n", pattern.get_settings ());
        var factory = new Imp.TypeFactory (typeof (Shout), Imp.DATA_TYPE_STREAM,
                                           Imp.ResultFlags.ALL);
        var context = new HashTable<string, string> (str_hash, str_equal);
        context["caddr"] = "10.0.0.1";
        var analyzer = factory.create_analyzer (context);
        var filter = new Imp.Filter (analyzer);
        filter.set_output ((source, direction, data, type) => {
            print ("%s %s\n", analyzer.lookup_context ("caddr"), text_of (data));
        });
        filter.push_bytes (Imp.Direction.FROM_CLIENT, "vala!".data, Imp.DATA_TYPE_STREAM);
        var stream = new Imp.IOStream (
            new SimpleIOStream (new MemoryInputStream.from_data ("stream".data),
                                new MemoryOutputStream.resizable ()),
            factory.create_analyzer (context), Imp.Direction.FROM_CLIENT);
        print ("%s\n", new DataInputStream (stream.input_stream).read_line ());
        filter.push_bytes (Imp.Direction.FROM_CLIENT, "1234567".data, Imp.DATA_TYPE_STREAM);
        filter.check ();
    } catch (Imp.Error error) {
        print ("%s\n", error.message);
        return 0;
    } catch (Error error) {
        print ("of another domain: %s\n", error.message);
    }
    return 1;
}
