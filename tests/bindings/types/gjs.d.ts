// SPDX-License-Identifier: LGPL-2.1-or-later
// As much as the examples use; the rest may be anything.
declare module 'gi://GObject' {
    namespace GObject {
        type GType = any;
        class Object {
            constructor(...args: any[]);
            connect(signal: string, handler: (...args: any[]) => unknown): number;
            static $gtype: GType;
        }
        function registerClass<T>(klass: T): T;
        function registerClass<T>(meta: object, klass: T): T;
    }
    export default GObject;
}
declare module 'gi://GLib' {
    namespace GLib {
        class Bytes {
            constructor(data: Uint8Array | string);
            get_size(): number;
            toArray(): Uint8Array;
        }
        class Variant {
            deepUnpack(): any;
            recursiveUnpack(): any;
        }
        class MainLoop {
            constructor(context: unknown, isRunning: boolean);
            run(): void;
            quit(): void;
        }
        class DateTime {}
        type KeyFile = any;
        const PRIORITY_DEFAULT: number;
    }
    export default GLib;
}
declare module 'gi://Gio' {
    import GObject from 'gi://GObject';
    namespace Gio {
        class IOStream extends GObject.Object {
            get_input_stream(): any;
            get_output_stream(): any;
            close_async(priority: number, cancellable: unknown): Promise<boolean>;
        }
        type AsyncResult = any;
        type Cancellable = any;
        type Socket = any;
        type SocketConnectable = any;
        type TlsCertificate = any;
        type TlsDatabase = any;
        const DataInputStream: any;
        const OutputStream: any;
        const SocketService: any;
        const InetSocketAddress: any;
        const SocketType: any;
        const SocketProtocol: any;
        function _promisify(prototype: object, begin: string, finish: string): void;
    }
    export default Gio;
}
declare const ARGV: string[];
declare function print(...texts: unknown[]): void;
declare function printerr(...texts: unknown[]): void;
