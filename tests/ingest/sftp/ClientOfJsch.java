import com.jcraft.jsch.ChannelSftp;
import com.jcraft.jsch.JSch;
import com.jcraft.jsch.Session;
import com.jcraft.jsch.SftpProgressMonitor;
import java.nio.file.Files;
import java.nio.file.Path;

/** PORT KEY SCRIPT: does the script's lines as account acme; `half` gives up after so many bytes, as a cancel button. */
public class ClientOfJsch {
    public static void main(String[] arguments) throws Exception {
        JSch jsch = new JSch();
        jsch.addIdentity(arguments[1]);
        Session session = jsch.getSession("acme", "127.0.0.1", Integer.parseInt(arguments[0]));
        session.setConfig("StrictHostKeyChecking", "no");
        session.connect();
        ChannelSftp sftp = (ChannelSftp) session.openChannel("sftp");
        sftp.connect();
        for (String line : Files.readAllLines(Path.of(arguments[2]))) {
            String[] words = line.split(" ");
            switch (words[0]) {
                case "put" -> sftp.put(words[1], words[2]);
                case "half" -> sftp.put(words[1], words[2], new UpTo(Long.parseLong(words[3])));
                case "resume" -> sftp.put(words[1], words[2], ChannelSftp.RESUME);
                case "rename" -> sftp.rename(words[1], words[2]);
                case "list" -> {
                    for (Object entry : sftp.ls(words[1])) {
                        System.out.println(((ChannelSftp.LsEntry) entry).getFilename());
                    }
                }
                case "get" -> sftp.get(words[1], words[2]);
                case "delete" -> sftp.rm(words[1]);
                default -> throw new IllegalArgumentException(line);
            }
        }
        session.disconnect();
    }

    private static class UpTo implements SftpProgressMonitor {
        private final long limit;
        private long sent;

        UpTo(long limit) {
            this.limit = limit;
        }

        public void init(int operation, String source, String target, long size) {}

        public boolean count(long bytes) {
            sent += bytes;
            return sent < limit;
        }

        public void end() {}
    }
}
