import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import org.apache.lucene.analysis.Analyzer;
import org.opensearch.Version;
import org.opensearch.analysis.common.CommonAnalysisModulePlugin;
import org.opensearch.common.settings.Settings;
import org.opensearch.env.Environment;
import org.opensearch.index.analysis.AnalyzerProvider;
import org.opensearch.index.analysis.PreBuiltAnalyzerProviderFactory;
import org.opensearch.indices.analysis.AnalysisModule.AnalysisProvider;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;
import org.opensearch.plugins.PluginInfo;

/** One OpenSearch node with the modules of a default distribution. The argument is its home folder. */
public final class OpenSearchNode extends Node {
    private static final List<String> MODULES = List.of(
            "org.opensearch.transport.Netty4ModulePlugin",
            Analysis.class.getName(),
            "org.opensearch.geo.GeoModulePlugin",
            "org.opensearch.ingest.common.IngestCommonModulePlugin",
            "org.opensearch.ingest.useragent.IngestUserAgentModulePlugin",
            "org.opensearch.painless.PainlessModulePlugin",
            "org.opensearch.script.mustache.MustacheModulePlugin",
            "org.opensearch.index.mapper.MapperExtrasModulePlugin",
            "org.opensearch.index.reindex.ReindexModulePlugin");

    /** The usual analyzers but Thai: every new index tries each, and this runtime has no rules for Thai words. */
    public static final class Analysis extends CommonAnalysisModulePlugin {
        private static final String LEFT_OUT = "thai";

        @Override
        public Map<String, AnalysisProvider<AnalyzerProvider<? extends Analyzer>>> getAnalyzers() {
            Map<String, AnalysisProvider<AnalyzerProvider<? extends Analyzer>>> kept = new TreeMap<>(super.getAnalyzers());
            kept.remove(LEFT_OUT);
            return kept;
        }

        @Override
        public List<PreBuiltAnalyzerProviderFactory> getPreBuiltAnalyzerProviderFactories() {
            return super.getPreBuiltAnalyzerProviderFactories().stream()
                    .filter(factory -> !factory.getName().equals(LEFT_OUT))
                    .toList();
        }
    }

    private OpenSearchNode(Environment environment, Collection<PluginInfo> modules) {
        super(environment, modules, true);
    }

    public static void main(String[] args) throws Exception {
        Path home = Path.of(args[0]).toAbsolutePath();
        Settings settings = Settings.builder().put("path.home", home.toString()).build();
        Environment environment =
                InternalSettingsPreparer.prepareEnvironment(settings, Map.of(), home.resolve("config"), () -> "test");
        Node node = new OpenSearchNode(environment, modules());
        Runtime.getRuntime().addShutdownHook(new Thread(() -> close(node)));
        node.start();
        new CountDownLatch(1).await();
    }

    private static Collection<PluginInfo> modules() {
        Collection<PluginInfo> modules = new ArrayList<>();
        String java = System.getProperty("java.specification.version");
        String version = Version.CURRENT.toString();
        for (String name : MODULES) {
            modules.add(new PluginInfo(name, name, version, Version.CURRENT, java, name, null, List.of(), false));
        }
        return modules;
    }

    private static void close(Node node) {
        try {
            node.close();
        } catch (Exception failed) {
            failed.printStackTrace();
        }
    }
}
