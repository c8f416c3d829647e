import kafka.Kafka;
import kafka.tools.StorageTool;

/** One Kafka node, broker and controller. The arguments are the cluster's id and the file of its properties. */
public final class KafkaNode {
    public static void main(String[] args) throws Exception {
        String[] format = {"format", "--ignore-formatted", "-t", args[0], "-c", args[1]};
        int status = StorageTool.execute(format, System.out);
        if (status != 0) {
            System.exit(status);
        }
        Kafka.main(new String[] {args[1]});
    }
}
