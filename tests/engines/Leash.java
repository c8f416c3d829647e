import java.io.IOException;
import java.util.Arrays;

/** Runs a program, and halts it when its standard input closes, which means that the parent process has ended. */
public final class Leash {
    public static void main(String[] args) throws Exception {
        Thread watch = new Thread(Leash::watch, "leash");
        watch.setDaemon(true);
        watch.start();
        Class<?> program = Class.forName(args[0]);
        String[] rest = Arrays.copyOfRange(args, 1, args.length);
        program.getMethod("main", String[].class).invoke(null, (Object) rest);
    }

    private static void watch() {
        try {
            while (System.in.read() >= 0) {
                continue;
            }
        } catch (IOException closed) {
            System.err.println("leash: " + closed);
        }
        Runtime.getRuntime().halt(0);
    }
}
